import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * `auto` as a number of labs at once: a guest has one processor, which it keeps two thirds busy, and what drives and judges four
 * of them takes a quarter of one. No more than there is memory for.
 */
export function jobsOf(
  jobs: number | 'auto',
  processors: number = usableProcessors(),
  memoryBytes: number = process.availableMemory(),
): number {
  const room = Math.floor(memoryBytes / guestBytes);
  return jobs === 'auto' ? Math.max(1, Math.min(Math.floor(processors), room)) : jobs;
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
