/** Was a lab not ready because the processor of its Linux had no time for it? */
import { WorldError } from '../base/errors.ts';
import { formatDuration } from '../base/units.ts';
import type { Host } from '../hosts/contract.ts';

/** Of all processors together, in the kernel's ticks. */
interface ProcessorTime {
  readonly idle: number;
  readonly all: number;
}

/** @param stat content of /proc/stat (proc(5)): user, nice, system, idle, iowait, irq, softirq, steal */
export function parseProcessorTime(stat: string): ProcessorTime {
  const [, ...ticks] = (/^cpu .*/m.exec(stat)?.[0] ?? '').split(/ +/).map(Number);
  const [, , , idle = 0, iowait = 0] = ticks;
  return { idle: idle + iowait, all: ticks.slice(0, 8).reduce((sum, each) => sum + each, 0) };
}

/** Share of the time in which there was something to do, 0 to 1; 0 if no time has passed. */
export function busyShare(before: ProcessorTime, after: ProcessorTime): number {
  const all = after.all - before.all;
  return all <= 0 ? 0 : 1 - (after.idle - before.idle) / all;
}

/** Waits for a lab; if that fails for want of an answer, and the processor was busy all the while, the error says so. */
export async function watchingProcessor<T>(host: Pick<Host, 'readFile'>, wait: () => Promise<T>): Promise<T> {
  const look = async (): Promise<ProcessorTime> => parseProcessorTime(await host.readFile('/proc/stat'));
  const before = await look();
  const begin = performance.now();
  try {
    return await wait();
  } catch (error) {
    if (!(error instanceof WorldError) || !waited.includes(error.code)) throw error;
    const share = busyShare(before, await look().catch(() => before));
    if (share < busy) throw error;
    const { message, code, exitCode, details, cause } = error;
    const percent = (100 * share).toFixed(0);
    throw new WorldError(message, {
      code,
      exitCode,
      details: [
        `the processor was busy for ${percent} % of these ${formatDuration(performance.now() - begin)}`,
        ...details,
      ],
      hint:
        '`tierlab plan` tells what the lab asks of it without any traffic: longer intervals (check_interval, bfd_interval) or fewer nodes make that less; ' +
        'or this machine does too much else',
      cause,
    });
  }
}

const waited: readonly (string | undefined)[] = ['node-not-ready', 'service-not-ready', 'exec-timeout'];
const busy = 0.95;
