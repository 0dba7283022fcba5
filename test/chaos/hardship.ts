/**
 * The conditions of a round: there from its start or in its midst, and lifted after it. Each looks whether it is what it
 * should be: a disk that is not full, or can be written, would try nothing. Disks take root, which own-machine.sh gives.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { allPids } from '../../src/hosts/pids.ts';
import { keeperOrder } from '../../src/hosts/uml/keeper-process.ts';
import type { Limits, Place } from './command.ts';
import type { Round } from './plan.ts';

export interface Endured {
  /** For every command of the round. */
  readonly limits: Limits;
  /** What has not come by now comes at once. @returns what was seen of it @throws if it did not take effect */
  landed(): Promise<string>;
  /** Makes commands possible again; what was there stays. */
  lift(): void;
  /** Takes away what was made. @throws if something still uses it */
  remove(): void;
}

const nothing: Endured = {
  limits: {},
  landed: async () => '',
  lift: () => undefined,
  remove: () => undefined,
};

/** @param place its disk is an empty folder. @throws if what is to be there from the start cannot be had */
export function endure({ hardship, amount }: Round, { disk, home }: Pick<Place, 'disk' | 'home'>): Endured {
  switch (hardship) {
    case 'none':
      return nothing;
    case 'few-files':
      // Who calls a command looks whether its limit was accepted.
      return { ...nothing, limits: { openFiles: amount }, landed: async () => `limit ${amount}` };
    case 'little-memory':
      return littleMemory(amount);
    case 'removed':
      return { ...nothing, landed: after(amount, () => removed(join(home, 'labs'), join(disk, 'removed'))) };
    case 'full-disk':
      // -n: mount(8) is to leave no folder of its own in a /run that has none yet.
      // Enough for a small lab and some of what is done with it, as long as there is anything left.
      run('mount', '-n', '-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk);
      return {
        ...nothing,
        landed: after(amount, () => {
          spawnSync('dd', ['if=/dev/zero', `of=${join(disk, filler)}`, 'bs=4k']);
          return expectRefused(disk, 'ENOSPC');
        }),
        lift: () => {
          rmSync(join(disk, filler), { force: true });
          run('mount', '-n', '-o', 'remount,size=256m', disk);
        },
        remove: () => run('umount', '-n', disk),
      };
    case 'read-only':
      return {
        ...nothing,
        landed: after(amount, () => {
          // To make the mount itself read-only is refused while a file there is open for writing. One on top of it
          // is never refused: whoever looks for a file from now on finds it there.
          run('mount', '-n', '--bind', disk, disk);
          run('mount', '-n', '-o', 'remount,bind,ro', disk);
          return expectRefused(disk, 'EROFS');
        }),
        lift: () => run('mount', '-n', '-o', 'remount,bind,rw', disk),
        remove: () => run('umount', '-n', disk),
      };
  }
}

/** @throws unless every guest that a command starts has as much memory as it is to have */
function littleMemory(amount: number): Endured {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of allPids()) {
      const memory = keeperOrder(pid)?.argv.find((word) => word.startsWith('mem='));
      if (memory !== undefined) seen.add(memory);
    }
  }, 100);
  return {
    ...nothing,
    limits: { memory: amount },
    landed: async () => {
      clearInterval(timer);
      const others = [...seen].filter((memory) => memory !== `mem=${amount}M`);
      if (others.length > 0) throw new Error(`a guest was to have ${amount} MiB, and had ${others.join()}`);
      return seen.size === 0 ? 'no guest was started' : `mem=${amount}M`;
    },
  };
}

/** The folder is gone at once, whatever is being written there meanwhile. */
function removed(folder: string, aside: string): string {
  if (!existsSync(folder)) return 'there was no lab to remove';
  renameSync(folder, aside);
  rmSync(aside, { recursive: true, force: true, maxRetries: 5 });
  return 'removed';
}

/** What fills a disk up. */
const filler = 'filler';

/** @throws unless the kernel refuses to write there, with this error (errno(3)) */
export function expectRefused(disk: string, expected: 'ENOSPC' | 'EROFS'): string {
  const probe = join(disk, 'probe');
  try {
    writeFileSync(probe, Buffer.alloc(4096));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EROFS') rmSync(probe, { force: true });
    if (code === expected) return code;
    throw error;
  }
  rmSync(probe);
  throw new Error(`${disk} can be written`);
}

/** @returns what has it done now, if it has not been by itself yet, and gives or throws what came of it */
function after(ms: number, act: () => string): () => Promise<string> {
  const now = new AbortController();
  const wait = delay(ms, undefined, { signal: now.signal }).catch(() => {});
  const acted = ms === 0 ? Promise.resolve(act()) : wait.then(act);
  acted.catch(() => {});
  return () => {
    now.abort();
    return acted;
  };
}

function run(program: string, ...argv: string[]): void {
  const { status, stderr } = spawnSync(program, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[program, ...argv].join(' ')}: ${stderr.trim()}`);
}
