/** What a run looked like over time, for plots: one pass over its events, in memory that grows with flows only. */
import { bucketsFrom, mostBuckets } from './buckets.ts';
import { countClose, countOpen } from './held-tally.ts';
import type { FaultEvent, RunEvent } from './history.ts';
import { type EventSource, HistoryError, isMany, type ParsedLine } from './parse-history.ts';
import { heldOf } from './series-held.ts';
import { httpOf } from './series-http.ts';
import type { Series } from './series-types.ts';
import { stagesOf } from './stages.ts';
import { waysOf } from './ways.ts';

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
