/** The metrics of requests sent at a constant rate. */
import type { Histogram } from 'hdr-histogram-js';
import { causes } from './held.ts';
import type { TrafficSpec } from './history.ts';
import { type Measured, type Metric, maxOverMean } from './metric.ts';

/** One http traffic in one window: [start, end). */
export interface HttpView {
  readonly spec: Extract<TrafficSpec, { type: 'http' }>;
  readonly start: number;
  /** Not after the end of the run. */
  readonly end: number;
  readonly requests: number;
  /** Failed requests by cause. */
  readonly errors: ReadonlyMap<string, number>;
  /** Answered requests by L7 and by backend. */
  readonly answeredBy: ReadonlyMap<string, number>;
  /** The nodes of each tier. */
  readonly tiers: ReadonlyMap<string, readonly string[]>;
  /** µs. Absent as long as there was no request. */
  readonly latency?: Histogram;
  /** ms */
  readonly longest: number;
}

const none = { unmeasured: 'no request ended in this window' };

export const httpMetrics: readonly Metric<HttpView>[] = [
  {
    name: 'requests',
    unit: 'count',
    windowed: true,
    meaning: 'requests that ended, answered or not',
    measure: ({ requests }) => requests,
  },
  {
    name: 'errors',
    unit: 'count',
    windowed: true,
    meaning: 'requests that failed',
    measure: (view) => (view.requests === 0 ? none : errorsOf(view)),
  },
  {
    name: 'errors.<cause>',
    unit: 'count',
    windowed: true,
    meaning: `failed requests by cause (${causes.join(', ')})`,
    measure: ({ requests, errors }, cause) => (requests === 0 ? none : (errors.get(cause) ?? 0)),
  },
  {
    name: 'error_rate',
    unit: 'ratio',
    windowed: true,
    meaning: 'share of the requests that failed',
    measure: (view) => (view.requests === 0 ? none : errorsOf(view) / view.requests),
  },
  {
    name: 'rate',
    unit: 'rate',
    windowed: true,
    meaning: 'requests that ended, a second',
    measure: ({ requests, start, end }) =>
      end > start && Number.isFinite(end - start) ? (requests * 1000) / (end - start) : none,
  },
  latency('p50', 50),
  latency('p90', 90),
  latency('p99', 99),
  latency('p999', 99.9),
  {
    name: 'latency.max',
    unit: 'duration',
    windowed: true,
    meaning: 'the longest time of all from when a request was due',
    measure: ({ requests, longest }) => (requests === 0 ? none : longest),
  },
  {
    name: 'share.<tier>.max_over_mean',
    unit: 'number',
    windowed: true,
    meaning: 'how evenly the tier answered: the requests of its busiest node over the mean of its nodes',
    measure: ({ tiers, answeredBy }, tier) =>
      maxOverMean(
        (tiers.get(tier) ?? []).map((node) => answeredBy.get(node) ?? 0),
        `no answer in this window says which node of ${tier} it went through`,
      ),
  },
  {
    name: 'share.<node>',
    unit: 'ratio',
    windowed: true,
    meaning: 'share of the answered requests that this L7 or backend answered',
    measure: (view, node) => {
      const answered = view.requests - errorsOf(view);
      return answered === 0
        ? { unmeasured: 'no request was answered in this window' }
        : (view.answeredBy.get(node) ?? 0) / answered;
    },
  },
];

function errorsOf({ errors }: Pick<HttpView, 'errors'>): number {
  return [...errors.values()].reduce((sum, count) => sum + count, 0);
}

function latency(name: string, percent: number): Metric<HttpView> {
  return {
    name: `latency.${name}`,
    unit: 'duration',
    windowed: true,
    meaning: `${percent} % of the requests took no longer, from when each was due; failed ones until they failed`,
    // A bucket's upper edge may lie above the longest request, which is known exactly.
    measure: ({ latency: histogram, longest }): Measured =>
      histogram === undefined ? none : Math.min(histogram.getValueAtPercentile(percent) / 1000, longest),
  };
}
