import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { usualMemoryMb } from '../hosts/contract.ts';

/** Of the labs that there are at once, some are measured; the others come up, go down, or wait for that. */
export interface AtOnce {
  readonly labs: number;
  readonly measured: number;
}

/**
 * A guest has one processor, on which its kernel and its programs take turns: shared with anything else, even for moments, it is many
 * times as slow. So one processor is kept free of labs that are measured. With `auto` a further lab comes up there meanwhile, where there are
 * enough processors for all else beside it, and no more labs are begun than there is memory for.
 */
export function jobsOf(
  jobs: number | 'auto',
  processors: number = usableProcessors(),
  memoryBytes: number = process.availableMemory(),
): AtOnce {
  const room = Math.floor(memoryBytes / guestBytes);
  const most = Math.max(1, Math.floor(processors) - 1);
  const wanted = Math.min(most < 2 ? 1 : most + 1, room);
  const labs = jobs === 'auto' ? Math.max(1, wanted) : jobs;
  return { labs, measured: Math.min(labs, most) };
}

const guestBytes = usualMemoryMb * 2 ** 20;

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
