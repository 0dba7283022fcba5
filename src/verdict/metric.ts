/** What one metric is. The tables are in held.ts and http.ts; the list of all is in metrics.ts. */

/** `duration` in ms, `ratio` from 0 to 1, `rate` per second. */
export type Unit = 'count' | 'duration' | 'ratio' | 'rate';

/** There is no honest figure, and this is why (a clause: "no request ended in this window"). */
interface Unmeasured {
  readonly unmeasured: string;
}

export type Measured = number | Unmeasured;

/** @typeParam View what the metric is computed from: one traffic in one window */
export interface Metric<View> {
  /** Without the traffic's name. A last part in angle brackets stands for any cause or node: `broken.<cause>`. */
  readonly name: string;
  readonly unit: Unit;
  /** Can it be asked of a stretch of time? */
  readonly windowed: boolean;
  /** Only of runs that have it; elsewhere it is not listed. */
  readonly needs?: 'prediction';
  /** One line, for the documentation. */
  readonly meaning: string;
  /** @param argument what stands in the place of the angle brackets */
  measure(view: View, argument: string): Measured;
}

/** The value at a percentile (0–100) of ascending values, by nearest rank. */
export function percentile(ascending: readonly number[], percent: number): number | undefined {
  return ascending[Math.max(0, Math.ceil((percent / 100) * ascending.length) - 1)];
}
