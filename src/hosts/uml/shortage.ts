import type { Shortage } from '../contract.ts';

/** Share of the memory below which a guest does little else than reading its programs again and again. */
const leastShare = 0.1;

/**
 * Whether a guest lacks memory: the kernel has killed for it (`oom_kill` of /proc/vmstat, since Linux 4.13), or next to
 * nothing is left (`MemAvailable` of /proc/meminfo, in KiB).
 */
export function shortageOf(meminfo: string, vmstat: string): Shortage | undefined {
  const number = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const [total, left] = [number(meminfo, 'MemTotal'), number(meminfo, 'MemAvailable')];
  const killed = number(vmstat, 'oom_kill');
  const mib = (kib: number): number => Math.round(kib / 1024);
  const why =
    killed > 0
      ? `${killed} of its programs ${killed === 1 ? 'was' : 'were'} killed for it`
      : `${mib(left)} of ${mib(total)} MiB are left`;
  if (!(killed > 0 || left < total * leastShare)) return undefined;
  return { what: `the guest is out of memory: ${why}`, hint: 'give it more with --memory' };
}
