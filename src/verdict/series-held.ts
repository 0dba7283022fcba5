/** Held connections over time. */
import { naturally } from '../base/natural-order.ts';
import type { Buckets, Column } from './buckets.ts';
import { brokenAt } from './flow.ts';
import { stallOf } from './held.ts';
import { countBeat, type HeldTally, heldTally } from './held-tally.ts';
import type { BeatEvent, TrafficSpec } from './history.ts';
import { latencyOf, type Range, standing } from './series-range.ts';
import type { HeldSeries } from './series-types.ts';

export const waitingMs = 200;

interface HeldCollector {
  readonly tally: HeldTally;
  beat(event: BeatEvent): void;
  /** Counts what is known only when all events are: who stood where and when, and who still waits. */
  finish(endAt: number): void;
  series(range: Range): HeldSeries;
}

export function heldOf(spec: TrafficSpec, buckets: Buckets): [string, HeldCollector][] {
  if (spec.type !== 'held-tcp') return [];
  const tally = heldTally(spec, []);
  const stalledMs = stallOf(spec);
  const latency = latencyOf(buckets);
  const waiting = buckets.sum();
  const stalled = buckets.sum();
  const l7 = columnsByNode(buckets);
  const l4 = columnsByNode(buckets);
  /** By flow: until when its waiting is counted already. Several heartbeats of a flow may be unanswered at once. */
  const counted: number[] = [];
  const wait = (flow: number, from: number, to: number, isOver = true): void => {
    for (const [column, thresholdMs] of [
      [waiting, waitingMs],
      [stalled, stalledMs],
    ] as const) {
      const start = Math.max(from + thresholdMs, counted[flow] ?? 0);
      if (start >= to) continue;
      column.add(start, 1);
      if (isOver) column.add(to, -1);
    }
    if (to - from > waitingMs) counted[flow] = to;
  };
  const beat = (event: BeatEvent): void => {
    countBeat(tally, event, { steadyAt: event.t, endAt: event.t });
    latency.add(event.t, event.ms);
    if (event.ms > waitingMs) wait(event.flow, event.t - event.ms, event.t);
  };
  const finish = (endAt: number): void => {
    for (const flow of tally.flows) {
      if (flow === undefined) continue;
      const to = flow.end?.t ?? endAt;
      // What ended by plan stood until the run's end, by another clock perhaps a moment longer.
      const broke = brokenAt(flow);
      const waited = flow.end?.waitingMs ?? endAt - flow.lastAnswerAt - spec.heartbeatMs;
      wait(flow.flow, to - waited, to, broke !== undefined);
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
    stalledMs,
    latency: latency.series(range),
  });
  return [[spec.name, { tally, beat, finish, series }]];
}

function stand(column: Column, from: number, to: number | undefined): void {
  column.add(from, 1);
  if (to !== undefined) column.add(to, -1);
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
    Object.fromEntries(
      [...columns]
        .sort(([a], [b]) => naturally(a, b))
        .map(([node, column]) => [node, standing(column, range)]),
    );
  return Object.assign(of, { standing: all });
}
