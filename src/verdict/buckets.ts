/** Figures over time in a bounded number of buckets: when a run outgrows them, every two become one. */

/** Of one figure. Sums of changes, so that a bucket's standing value is the sum of all up to it; or largest values. */
export interface Column {
  add(t: number, value: number): void;
  /** By bucket. */
  readonly values: Float64Array;
}

export interface Buckets {
  /** Width of a bucket, ms. */
  readonly widthMs: number;
  /** Of sums. */
  sum(): Column;
  /** Of the largest; 0 where there was none. */
  largest(): Column;
  /** Of durations, for quantiles. */
  durations(): Durations;
}

export interface Durations {
  add(t: number, ms: number): void;
  /** The duration in ms that this share (0 to 1) of those in a bucket did not exceed, to 5 %; null: there was none. */
  quantile(bucket: number, share: number): number | null;
}

/** Most buckets; a run that is folded has at least half as many. */
export const mostBuckets = 1200;

/** @param startAt ms since the epoch; what came before it counts in the first bucket */
export function bucketsFrom(startAt: number, firstWidthMs: number): Buckets {
  const folds: (() => void)[] = [];
  let widthMs = firstWidthMs;
  const indexOf = (t: number): number => {
    while (t - startAt >= widthMs * mostBuckets) {
      for (const fold of folds) fold();
      widthMs *= 2;
    }
    return Math.max(0, Math.floor((t - startAt) / widthMs));
  };
  const column = (combine: (a: number, b: number) => number): Column => {
    const values = new Float64Array(mostBuckets);
    folds.push(() => {
      for (let i = 0; i < mostBuckets / 2; i++)
        values[i] = combine(values[2 * i] ?? 0, values[2 * i + 1] ?? 0);
      values.fill(0, mostBuckets / 2);
    });
    const add = (t: number, value: number): void => {
      const i = indexOf(t);
      values[i] = combine(values[i] ?? 0, value);
    };
    return { add, values };
  };
  return {
    get widthMs() {
      return widthMs;
    },
    sum: () => column((a, b) => a + b),
    largest: () => column(Math.max),
    durations: () => {
      const counts = new Uint32Array(mostBuckets * bins);
      folds.push(() => foldRows(counts));
      return {
        add: (t, ms) => {
          const at = indexOf(t) * bins + binOf(ms);
          counts[at] = (counts[at] ?? 0) + 1;
        },
        quantile: (bucket, share) => quantile(counts.subarray(bucket * bins, (bucket + 1) * bins), share),
      };
    },
  };
}

/** Bins of durations, each 5 % longer than the one before: 50 µs to beyond ten minutes. */
const bins = 336;
const shortestMs = 0.05;
const growth = Math.log(1.05);

function binOf(ms: number): number {
  if (ms <= shortestMs) return 0;
  return Math.min(bins - 1, Math.floor(Math.log(ms / shortestMs) / growth));
}

function foldRows(counts: Uint32Array): void {
  for (let row = 0; row < mostBuckets / 2; row++) {
    for (let bin = 0; bin < bins; bin++) {
      const even = counts[2 * row * bins + bin] ?? 0;
      counts[row * bins + bin] = even + (counts[(2 * row + 1) * bins + bin] ?? 0);
    }
  }
  counts.fill(0, (mostBuckets / 2) * bins);
}

function quantile(counts: Uint32Array, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (const [bin, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return shortestMs * Math.exp((bin + 1) * growth);
  }
  return null;
}
