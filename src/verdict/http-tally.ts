/** Counts requests as they end. */
import type { build, Histogram } from 'hdr-histogram-js';
import type { RequestEvent } from './history.ts';
import type { HttpView } from './http.ts';
import type { Span } from './windows.ts';

export interface HttpSpan extends Span {
  requests: number;
  readonly errors: Map<string, number>;
  readonly answeredBy: Map<string, number>;
  latency?: Histogram;
  longest: number;
}

export interface HttpTally {
  readonly spec: HttpView['spec'];
  readonly spans: readonly HttpSpan[];
  readonly histogram: () => Histogram;
  /** How many requests were due in each stretch of `bucketMs` since the timeline began. */
  readonly due: number[];
}

const bucketMs = 50;

export function httpTally(
  spec: HttpView['spec'],
  spans: readonly Span[],
  buildHistogram: typeof build,
): HttpTally {
  return {
    spec,
    spans: spans.map((span) => ({
      ...span,
      requests: 0,
      errors: new Map(),
      answeredBy: new Map(),
      longest: 0,
    })),
    due: [],
    // Microseconds to three digits; it grows with the longest request.
    histogram: () =>
      buildHistogram({ bitBucketSize: 32, autoResize: true, numberOfSignificantValueDigits: 3 }),
  };
}

/** A request belongs to the time when it ended, and to the run if it was due before the run's end. */
export function countRequest(
  tally: HttpTally,
  event: RequestEvent,
  run: { timelineAt: number; endAt: number },
): void {
  const { t, intended, ms, cause, l7, backend } = event;
  if (intended > run.endAt) return;
  if (intended >= run.timelineAt) {
    const bucket = Math.floor((intended - run.timelineAt) / bucketMs);
    tally.due[bucket] = (tally.due[bucket] ?? 0) + 1;
  }
  for (const span of tally.spans) {
    if (t < span.start || t >= span.end) continue;
    span.requests += 1;
    if (ms > span.longest) span.longest = ms;
    span.latency ??= tally.histogram();
    span.latency.recordValue(Math.max(0, Math.round(ms * 1000)));
    if (cause !== undefined) add(span.errors, cause);
    else for (const node of new Set([l7, backend])) if (node !== undefined) add(span.answeredBy, node);
  }
}

export function httpView(
  tally: HttpTally,
  span: HttpSpan,
  run: { readonly endAt: number; readonly tiers: HttpView['tiers'] },
): HttpView {
  const { start, requests, errors, answeredBy, longest, latency } = span;
  const end = Math.min(span.end, run.endAt);
  const view = { spec: tally.spec, start, end, requests, errors, answeredBy, longest, tiers: run.tiers };
  return latency === undefined ? view : { ...view, latency };
}

/**
 * Requests that were due per second, from the timeline's start. Those due in the last `timeoutMs` may not have ended
 * yet when the run did, so they do not count, except in a run so short that half of it would be left out.
 * @returns undefined: the run was too short to tell
 */
export function sentRate({ due, spec }: HttpTally, runMs: number): number | undefined {
  const lastMs = Math.max(runMs / 2, runMs - spec.timeoutMs);
  const buckets = Math.floor(lastMs / bucketMs);
  if (buckets === 0) return undefined;
  const sent = due.slice(0, buckets).reduce((sum, count) => sum + (count ?? 0), 0);
  return (sent * 1000) / (buckets * bucketMs);
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
