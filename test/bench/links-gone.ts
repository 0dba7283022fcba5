/** When are removed namespaces really gone? Their names go at once, and the kernel takes their links apart later. */
import { type FileHandle, open } from 'node:fs/promises';
import { execa } from 'execa';
import { until } from '../../src/base/until.ts';

export interface Witness {
  /** Waits until no cable is left in any of the namespaces. */
  gone(): Promise<void>;
}

/**
 * Holds the namespaces of the switches, in which every cable has an end, open while `work` goes on.
 * @param paths of the namespaces
 */
export async function witness(
  paths: readonly string[],
  work: (seen: Witness) => Promise<void>,
): Promise<void> {
  const files: FileHandle[] = [];
  try {
    for (const path of paths) files.push(await open(path));
    await work({
      gone: async () => {
        for (const { fd } of files) await untilEmpty(`/proc/${process.pid}/fd/${fd}`);
      },
    });
  } finally {
    for (const file of files) await file.close();
  }
}

const untilEmpty = (namespace: string): Promise<unknown> =>
  until(
    async () => {
      const argv = [`--net=${namespace}`, 'ip', '-o', 'link', 'show', 'type', 'veth'];
      const { stdout } = await execa('nsenter', argv);
      const left = stdout === '' ? 0 : stdout.split('\n').length;
      return { ok: left === 0, saw: `${left} cables` };
    },
    { withinMs: 60_000, everyMs: 10, mostMs: 20, why: 'the cables of removed namespaces to go' },
  );
