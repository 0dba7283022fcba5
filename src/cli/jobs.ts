import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * `auto` as a number of labs at once. A guest has one processor, on which its kernel and its programs take turns: shared with anything
 * else, even for moments, it is many times as slow. So one processor is left for whatever else there is, and no more labs are
 * begun than there is memory for.
 */
export function jobsOf(
  jobs: number | 'auto',
  processors: number = usableProcessors(),
  memoryBytes: number = process.availableMemory(),
): number {
  const room = Math.floor(memoryBytes / guestBytes);
  return jobs === 'auto' ? Math.max(1, Math.min(Math.floor(processors) - 1, room)) : jobs;
}

/** What a guest may take; most take a third of it. */
const guestBytes = 2 ** 30;

/** Those that we may use: by affinity, and by the quota of the control group, which containers have. */
function usableProcessors(): number {
  let quota = Number.POSITIVE_INFINITY;
  try {
    quota = processorsOf(readFileSync('/sys/fs/cgroup/cpu.max', 'utf8'));
  } catch {
    // No second version of control groups here, or not in one.
  }
  return Math.min(availableParallelism(), quota);
}

/** Kernel's cgroup-v2.rst: `cpu.max` is "$MAX $PERIOD" in microseconds; MAX may be `max`, for no limit. */
export function processorsOf(cpuMax: string): number {
  const [most = 'max', period = '100000'] = cpuMax.trim().split(' ');
  return most === 'max' ? Number.POSITIVE_INFINITY : Number(most) / Number(period);
}
