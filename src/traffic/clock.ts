import { now } from '../base/clock.ts';

/**
 * The time at which the event loop began to hand out what had come: everything in one batch was there then. And one look
 * at the clock a batch, not one an answer: in a user-mode-linux guest that is a system call, as dear as the read.
 */
export class BatchClock {
  #t: number | undefined;

  now(): number {
    if (this.#t !== undefined) return this.#t;
    this.#t = now();
    // Runs right after the batch.
    setImmediate(() => {
      this.#t = undefined;
    });
    return this.#t;
  }
}

/** To microseconds, which are enough. */
export const round = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Work that is due at times known beforehand. */
export interface Paced {
  /** When it has to run next, in ms since the epoch; Infinity: not. */
  readonly due: number;
  /** Does everything that was due by `t`. */
  run(t: number): void;
}

/**
 * One timer for everything (a timer a connection would be most of the work). Wakes at least every 20 ms and tells by how
 * much it was late: in a quiet process that is 1 or 2 ms, so more is the process's own slowness, not the network's.
 * @returns how to end it
 */
export function pace(works: readonly Paced[], late: (t: number, ms: number) => void): () => void {
  let expected = now();
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => {
    const t = now();
    late(t, t - expected);
    for (const work of works) if (work.due <= t) work.run(t);
    let next = t + tickMs;
    for (const work of works) next = Math.min(next, work.due);
    // From before the work: if that took long, the next time is late.
    expected = Math.max(next, t + 1);
    timer = setTimeout(wake, expected - t);
  };
  wake();
  return () => clearTimeout(timer);
}

/** Records a lag above 100 ms at once, else the worst of each second if it was above 50 ms. */
export function lagWatch(record: (t: number, ms: number) => void): (t: number, ms: number) => void {
  let worst = { t: 0, ms: 0 };
  let second = now() + 1000;
  return (t, ms) => {
    if (ms > 100) record(t, ms);
    else if (ms > worst.ms) worst = { t, ms };
    if (t < second) return;
    if (worst.ms > 50) record(worst.t, worst.ms);
    worst = { t, ms: 0 };
    second = t + 1000;
  };
}

const tickMs = 20;
