/** From buckets to the figures that are shown. */
import type { Buckets, Column, Durations } from './buckets.ts';
import type { LatencySeries } from './series-types.ts';

/** The buckets that are shown: from `first` to just before `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
  readonly bucketMs: number;
}

/** From changes to what stands at each bucket's end. */
export function standing({ values }: Column, { first, end }: Range): number[] {
  let sum = 0;
  return Array.from(values.subarray(0, end), (change) => {
    sum += change;
    return sum;
  }).slice(first);
}

export const perSecond = ({ values }: Column, { first, end, bucketMs }: Range): number[] =>
  Array.from(values.subarray(first, end), (count) => round((count * 1000) / bucketMs));

export function latencyOf(buckets: Buckets): { add: Durations['add']; series(range: Range): LatencySeries } {
  const durations = buckets.durations();
  const largest = buckets.largest();
  const add = (t: number, ms: number): void => {
    durations.add(t, ms);
    largest.add(t, ms);
  };
  const series = ({ first, end }: Range): LatencySeries => {
    const pick = (share: number): (number | null)[] =>
      Array.from({ length: end - first }, (_, i) => {
        const ms = durations.quantile(first + i, share);
        // A bin's upper edge may lie above the longest of all, which is known exactly.
        return ms === null ? null : round(Math.min(ms, largest.values[first + i] ?? ms));
      });
    return { p50: pick(0.5), p99: pick(0.99), max: pick(1) };
  };
  return { add, series };
}

const round = (value: number): number => Number(value.toPrecision(3));
