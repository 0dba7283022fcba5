import { readFileSync } from 'node:fs';
import { allPids } from '../pids.ts';
import { keeperOrder } from './keeper-process.ts';

/**
 * Chooses the CPU for one more guest: of those that we may use, one with the fewest guests, whoever they belong to. Pinned to
 * one CPU a guest's task switches are ten times as fast, since kernel and task take turns anyway. A keeper's command line names
 * the CPU of its guest, so whoever chooses and starts a keeper in one turn (`inTurn`) is seen by the next to choose.
 * @param seed number that decides between equals, so that guests started at once do not all choose the first
 */
export function chooseCpu(seed: number): number | undefined {
  const allowed = parseCpus(allowedCpus());
  const guests = new Map<number, number>();
  for (const pid of allPids()) {
    const cpu = keeperOrder(pid)?.cpu;
    if (cpu !== undefined) guests.set(cpu, (guests.get(cpu) ?? 0) + 1);
  }
  return leastUsed(allowed, guests, seed);
}

export function leastUsed(
  allowed: readonly number[],
  guests: ReadonlyMap<number, number>,
  seed: number,
): number | undefined {
  const fewest = Math.min(...allowed.map((cpu) => guests.get(cpu) ?? 0));
  const candidates = allowed.filter((cpu) => (guests.get(cpu) ?? 0) === fewest);
  return candidates[seed % candidates.length];
}

/** `0-2,5` → 0, 1, 2, 5: the format of Cpus_allowed_list in proc(5). */
export function parseCpus(list: string): number[] {
  return list
    .split(',')
    .filter((range) => range.trim() !== '')
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

function allowedCpus(): string {
  try {
    return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
