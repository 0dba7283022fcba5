import type { Shortage } from '../contract.ts';

/** Share of the memory below which there is as good as none. */
const leastShare = 0.1;

const pageKib = 4;

/**
 * Whether a guest lacks memory: the kernel has killed for it (`oom_kill` of /proc/vmstat, since Linux 4.13), or next to
 * nothing is left (`MemAvailable` of /proc/meminfo, in KiB), or it has read more of its programs a second time than it could
 * keep (`workingset_refault_file` of /proc/vmstat, in pages, since Linux 5.9): then it does little else.
 */
export function shortageOf(meminfo: string, vmstat: string): Shortage | undefined {
  const number = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const [total, left] = [number(meminfo, 'MemTotal'), number(meminfo, 'MemAvailable')];
  const killed = number(vmstat, 'oom_kill');
  const mib = (kib: number): number => Math.round(kib / 1024);
  const reread = number(vmstat, 'workingset_refault_file') * pageKib;
  const out = (why: string): Shortage => ({
    what: `the guest is out of memory: ${why}`,
    hint: 'give it more with --memory',
  });
  if (killed > 0) return out(`${killed} of its programs ${killed === 1 ? 'was' : 'were'} killed for it`);
  if (left < total * leastShare) return out(`${mib(left)} of ${mib(total)} MiB are left`);
  if (reread > total)
    return out(`it read ${mib(reread)} MiB of its programs again, which had no room in ${mib(total)} MiB`);
  return undefined;
}
