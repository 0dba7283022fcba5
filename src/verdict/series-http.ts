/** Requests over time. */
import type { Buckets } from './buckets.ts';
import type { RequestEvent, TrafficSpec } from './history.ts';
import { latencyOf, perSecond, type Range } from './series-range.ts';
import type { HttpSeries } from './series-types.ts';

interface HttpCollector {
  request(event: RequestEvent): void;
  series(range: Range): HttpSeries;
}

export function httpOf({ type, name }: TrafficSpec, buckets: Buckets): [string, HttpCollector][] {
  if (type !== 'http') return [];
  const latency = latencyOf(buckets);
  const answered = buckets.sum();
  const failed = buckets.sum();
  const request = ({ t, ms, cause }: RequestEvent): void => {
    latency.add(t, ms);
    (cause === undefined ? answered : failed).add(t, 1);
  };
  const series = (range: Range): HttpSeries => ({
    type,
    name,
    answered: perSecond(answered, range),
    failed: perSecond(failed, range),
    latency: latency.series(range),
  });
  return [[name, { request, series }]];
}
