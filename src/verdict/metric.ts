/** What one metric is. The tables are in held.ts and http.ts; the list of all is in metrics.ts. */

/** `duration` in ms, `ratio` from 0 to 1, `rate` per second, `number`: any other without a dimension. */
export type Unit = 'count' | 'duration' | 'ratio' | 'rate' | 'number';

/** There is no honest figure, and this is why (a clause: "no request ended in this window"). */
interface Unmeasured {
  readonly unmeasured: string;
}

export type Measured = number | Unmeasured;

/** @typeParam View what the metric is computed from: one traffic in one window */
export interface Metric<View> {
  /** Without the traffic's name. A part in angle brackets stands for any cause, node or tier: `broken.<cause>`. */
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

/** How evenly a tier's nodes are used: the busiest one over the mean, 1 where all do the same. Nodes that do nothing count. */
export function maxOverMean(counts: readonly number[], nothing: string): Measured {
  const sum = counts.reduce((all, count) => all + count, 0);
  return sum === 0 ? { unmeasured: nothing } : Math.max(...counts) / (sum / counts.length);
}

/** The value at a percentile (0–100) of ascending values, by nearest rank. */
export function percentile(ascending: readonly number[], percent: number): number | undefined {
  return ascending[Math.max(0, Math.ceil((percent / 100) * ascending.length) - 1)];
}
