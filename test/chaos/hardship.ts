/** The conditions of a round: made before it or in its midst, and lifted after it. Disks take root. */
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Limits } from './command.ts';
import type { Round } from './plan.ts';

export interface Endured {
  /** For every command of the round. */
  readonly limits: Limits;
  /** Makes commands possible again; what was there stays. */
  lift(): Promise<void>;
  /** Takes away what was made. @throws if something still uses it */
  remove(): void;
}

const nothing: Endured = { limits: {}, lift: async () => undefined, remove: () => undefined };

/** @param home is empty; undefined if the round cannot take place: it needs root */
export function endure({ hardship, amount }: Round, home: string): Endured | undefined {
  switch (hardship) {
    case 'none':
      return nothing;
    case 'few-files':
      return { ...nothing, limits: { openFiles: amount } };
    case 'little-memory':
      return { ...nothing, limits: { memory: amount } };
    case 'removed':
      return after(amount, () => rm(join(home, 'labs'), { recursive: true, force: true, maxRetries: 5 }));
    case 'full-disk':
      if (process.getuid?.() !== 0) return undefined;
      run('mount', '-t', 'tmpfs', '-o', `size=${amount}k,mode=700`, 'tmpfs', home);
      return {
        limits: {},
        lift: async () => run('mount', '-o', 'remount,size=256m', home),
        remove: () => run('umount', home),
      };
    case 'read-only': {
      if (process.getuid?.() !== 0) return undefined;
      run('mount', '-t', 'tmpfs', '-o', 'size=256m,mode=700', 'tmpfs', home);
      // The kernel refuses while a file there is being written: then the round goes on without.
      const { lift } = after(amount % 2000, async () => {
        spawnSync('mount', ['-o', 'remount,ro', home]);
      });
      return {
        limits: {},
        lift: async () => {
          await lift();
          run('mount', '-o', 'remount,rw', home);
        },
        remove: () => run('umount', home),
      };
    }
  }
}

function after(ms: number, act: () => Promise<void>): Endured {
  const over = new AbortController();
  const acted = delay(ms, undefined, { signal: over.signal }).then(act, () => undefined);
  return {
    ...nothing,
    lift: async () => {
      over.abort();
      await acted;
    },
  };
}

function run(program: string, ...argv: string[]): void {
  const { status, stderr } = spawnSync(program, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[program, ...argv].join(' ')}: ${stderr.trim()}`);
}
