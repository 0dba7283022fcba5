/** What a run looked like over time, for plots: one pass over its events, in memory that grows with flows only. */
import { type Buckets, bucketsFrom, type Column, type Durations, mostBuckets } from './buckets.ts';
import { brokenAt } from './flow.ts';
import { countBeat, countClose, countOpen, type HeldTally, heldTally } from './held-tally.ts';
import type { BeatEvent, FaultEvent, RequestEvent, RunEvent, TrafficSpec } from './history.ts';
import { type EventSource, HistoryError, type ParsedLine } from './parse-history.ts';
import { type Stage, stagesOf } from './stages.ts';
import { waysOf } from './ways.ts';

/** All times in ms since the timeline's start; if it never began, since the run's. */
export interface Series {
  /** Version that recorded it. */
  readonly tierlab: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly bucketMs: number;
  /** When the first bucket begins: some seconds before the timeline. */
  readonly startMs: number;
  readonly buckets: number;
  readonly traffic: readonly (HeldSeries | HttpSeries)[];
  readonly stages: readonly Stage[];
}

export interface HeldSeries {
  readonly type: 'held-tcp';
  readonly name: string;
  /** Connections that stand at each bucket's end, by node. */
  readonly onL7: Readonly<Record<string, readonly number[]>>;
  readonly onL4: Readonly<Record<string, readonly number[]>>;
  /** Flows that have waited for an answer for more than `waitingMs`, and for more than `stalledMs`, at each bucket's end. */
  readonly waiting: readonly number[];
  readonly stalled: readonly number[];
  readonly latency: LatencySeries;
}

export interface HttpSeries {
  readonly type: 'http';
  readonly name: string;
  /** A second. */
  readonly answered: readonly number[];
  readonly failed: readonly number[];
  readonly latency: LatencySeries;
}

/** ms, by the bucket in which the answer came; null: none came. */
export interface LatencySeries {
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

export const waitingMs = 200;
export const stalledMs = 1000;

/** @throws HistoryError if the first event is no `run` */
export async function seriesOf(source: EventSource): Promise<Series> {
  let collector: Collector | undefined;
  for await (const events of source) {
    for (const event of isMany(events) ? events : [events]) {
      if (collector !== undefined) collector.add(event);
      else if (event.type === 'run') collector = collect(event);
      else throw new HistoryError(1, 'is no run event: this is no history of tierlab');
    }
  }
  if (collector === undefined) throw new HistoryError(1, 'is missing: the history is empty');
  return collector.finish();
}

const isMany = (events: ParsedLine | readonly ParsedLine[]): events is readonly ParsedLine[] =>
  Array.isArray(events);

interface Collector {
  add(event: ParsedLine): void;
  finish(): Series;
}

/** Seconds of steady state that are shown before the timeline. */
const leadMs = 3000;

function collect(run: RunEvent): Collector {
  const never = Number.POSITIVE_INFINITY;
  const buckets = bucketsFrom(run.t, run.durationMs <= 8000 ? 100 : 250);
  const held = new Map(run.traffic.flatMap((spec) => heldOf(spec, buckets)));
  const http = new Map(run.traffic.flatMap((spec) => httpOf(spec, buckets)));
  const ways = waysOf(run);
  const faults: FaultEvent[] = [];
  const at = { steady: never, timeline: never, end: never, last: run.t };

  const add = (event: ParsedLine): void => {
    if (event.type === 'corrupt') return;
    if (event.t > at.last) at.last = event.t;
    if (event.type === 'beat') held.get(event.traffic)?.beat(event);
    else if (event.type === 'request') http.get(event.traffic)?.request(event);
    else if (event.type === 'path') ways.add(event);
    else if (event.type === 'fault') faults.push(event);
    else if (event.type === 'phase') {
      if (event.phase === 'steady' || event.phase === 'timeline' || event.phase === 'end')
        at[event.phase] = Math.min(at[event.phase], event.t);
    } else if (event.type === 'open') {
      const tally = held.get(event.traffic)?.tally;
      if (tally !== undefined) countOpen(tally, event, ways.of(event.client), at.steady);
    } else if (event.type === 'close') {
      const tally = held.get(event.traffic)?.tally;
      if (tally !== undefined) countClose(tally, event);
    }
  };

  const finish = (): Series => {
    const zero = at.timeline === never ? run.t : at.timeline;
    const endAt = Math.min(at.end, at.last);
    for (const one of held.values()) one.finish(endAt);
    const bucketMs = buckets.widthMs;
    const first = Math.max(0, Math.floor((zero - leadMs - run.t) / bucketMs));
    const last = Math.min(mostBuckets, Math.ceil((endAt - run.t) / bucketMs));
    const range = { first, end: Math.max(first, last), bucketMs };
    const flows = [...held.values()].flatMap(({ tally }) => tally.flows.filter((flow) => flow !== undefined));
    return {
      tierlab: run.tierlab,
      startedAt: run.t,
      bucketMs,
      startMs: run.t + first * bucketMs - zero,
      buckets: range.end - first,
      traffic: run.traffic.flatMap(({ name }) => {
        const one = held.get(name) ?? http.get(name);
        return one === undefined ? [] : [one.series(range)];
      }),
      stages: stagesOf(flows, faults, { zero, endAt }),
    };
  };
  return { add, finish };
}

interface Range {
  readonly first: number;
  readonly end: number;
  readonly bucketMs: number;
}

interface HeldCollector {
  readonly tally: HeldTally;
  beat(event: BeatEvent): void;
  /** Counts what is known only when all events are: who stood where and when, and who still waits. */
  finish(endAt: number): void;
  series(range: Range): HeldSeries;
}

function heldOf(spec: TrafficSpec, buckets: Buckets): [string, HeldCollector][] {
  if (spec.type !== 'held-tcp') return [];
  const tally = heldTally(spec, []);
  const latency = latencyOf(buckets);
  const waiting = buckets.sum();
  const stalled = buckets.sum();
  const l7 = columnsByNode(buckets);
  const l4 = columnsByNode(buckets);
  /** By flow: until when its waiting is counted already. Several heartbeats of a flow may be unanswered at once. */
  const counted: number[] = [];
  const wait = (flow: number, from: number, to: number): void => {
    for (const [column, thresholdMs] of [
      [waiting, waitingMs],
      [stalled, stalledMs],
    ] as const) {
      const start = Math.max(from + thresholdMs, counted[flow] ?? 0);
      if (start >= to) continue;
      column.add(start, 1);
      column.add(to, -1);
    }
    if (to - from > waitingMs) counted[flow] = to;
  };
  const beat = (event: BeatEvent): void => {
    countBeat(tally, event, Number.POSITIVE_INFINITY);
    latency.add(event.t, event.ms);
    if (event.ms > waitingMs) wait(event.flow, event.t - event.ms, event.t);
  };
  const finish = (endAt: number): void => {
    for (const flow of tally.flows) {
      if (flow === undefined) continue;
      const to = flow.end?.t ?? endAt;
      // What ended by plan stood until the run's end, by another clock perhaps a moment longer.
      const broke = brokenAt(flow);
      wait(flow.flow, to - (flow.end?.waitingMs ?? endAt - flow.lastAnswerAt - spec.heartbeatMs), to);
      stand(l7(flow.l7), flow.openedAt, broke);
      for (const [i, step] of flow.steps.entries()) {
        const until = flow.steps[i + 1]?.t ?? broke;
        if (broke === undefined || step.t < broke) stand(l4(step.l4), step.t, until);
      }
    }
  };
  const series = (range: Range): HeldSeries => ({
    type: 'held-tcp',
    name: spec.name,
    onL7: l7.standing(range),
    onL4: l4.standing(range),
    waiting: standing(waiting, range),
    stalled: standing(stalled, range),
    latency: latency.series(range),
  });
  return [[spec.name, { tally, beat, finish, series }]];
}

function stand(column: Column, from: number, to: number | undefined): void {
  column.add(from, 1);
  if (to !== undefined) column.add(to, -1);
}

interface HttpCollector {
  request(event: RequestEvent): void;
  series(range: Range): HttpSeries;
}

function httpOf({ type, name }: TrafficSpec, buckets: Buckets): [string, HttpCollector][] {
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

function latencyOf(buckets: Buckets): { add: Durations['add']; series(range: Range): LatencySeries } {
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

function columnsByNode(buckets: Buckets): {
  (node: string): Column;
  standing(range: Range): Record<string, number[]>;
} {
  const columns = new Map<string, Column>();
  const of = (node: string): Column => {
    const column = columns.get(node) ?? buckets.sum();
    columns.set(node, column);
    return column;
  };
  const all = (range: Range): Record<string, number[]> =>
    Object.fromEntries([...columns].sort().map(([node, column]) => [node, standing(column, range)]));
  return Object.assign(of, { standing: all });
}

/** From changes to what stands at each bucket's end. */
function standing({ values }: Column, { first, end }: Range): number[] {
  let sum = 0;
  return Array.from(values.subarray(0, end), (change) => {
    sum += change;
    return sum;
  }).slice(first);
}

const perSecond = ({ values }: Column, { first, end, bucketMs }: Range): number[] =>
  Array.from(values.subarray(first, end), (count) => round((count * 1000) / bucketMs));

const round = (value: number): number => Number(value.toPrecision(3));
