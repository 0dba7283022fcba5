/** Counts the events of held connections as they come: a flow costs the same however long it lives. */
import { exposures, type Flow, type Step, standsAt } from './flow.ts';
import { type HeldView, stallOf } from './held.ts';
import type {
  BeatEvent,
  CloseEvent,
  FaultEvent,
  OpenEvent,
  OpenFailedEvent,
  PredictionEvent,
} from './history.ts';
import type { Span } from './windows.ts';

export interface HeldSpan extends Span {
  beats: number;
  /** By flow number: its longest heartbeat, ms; -1: none. */
  longest: Float64Array;
}

export interface HeldTally {
  readonly spec: HeldView['spec'];
  /** By flow number. */
  readonly flows: (Flow | undefined)[];
  readonly spans: readonly HeldSpan[];
  failedToOpen: { count: number; readonly first: OpenFailedEvent } | undefined;
}

export function heldTally(spec: HeldView['spec'], spans: readonly Span[]): HeldTally {
  const empty = (span: Span): HeldSpan => ({
    ...span,
    beats: 0,
    longest: new Float64Array(spec.connections).fill(-1),
  });
  return { spec, flows: [], spans: spans.map(empty), failedToOpen: undefined };
}

/** A connection that is opened anew takes the place of one that ended before steady state; a later break is kept. */
export function countOpen(tally: HeldTally, event: OpenEvent, steps: Step[], steadyAt: number): void {
  const old = tally.flows[event.flow];
  if (old?.end !== undefined && old.end.t >= steadyAt) return;
  const { flow, client, l7, backend, connection, t } = event;
  tally.flows[flow] = { flow, client, l7, backend, connection, openedAt: t, lastAnswerAt: t, steps };
}

export function countBeat(
  { flows, spans, spec }: HeldTally,
  { flow, t, ms }: BeatEvent,
  { steadyAt, endAt }: { readonly steadyAt: number; readonly endAt: number },
): void {
  const known = flows[flow];
  if (known !== undefined) {
    if (t >= steadyAt && t - ms <= endAt && ms > stallOf(spec) && ms > (known.stall?.ms ?? 0))
      known.stall = { t, ms, wellAt: known.lastAnswerAt };
    if (t > known.lastAnswerAt) known.lastAnswerAt = t;
  }
  if (t - ms > endAt) return;
  for (const span of spans) {
    if (t < span.start || t >= span.end) continue;
    span.beats += 1;
    lengthen(span, flow, ms);
  }
}

export function countClose({ flows }: HeldTally, { flow, t, cause, detail, waitingMs }: CloseEvent): void {
  const known = flows[flow];
  if (known === undefined || known.end !== undefined) return;
  known.end = {
    t,
    waitingMs,
    ...(cause === undefined ? {} : { cause }),
    ...(detail === undefined ? {} : { detail }),
  };
}

export function countFailedOpen(tally: HeldTally, event: OpenFailedEvent): void {
  if (tally.failedToOpen === undefined) tally.failedToOpen = { count: 1, first: event };
  else tally.failedToOpen.count += 1;
}

/** Heartbeats that were never answered lasted at least until the flow's end, or until the run's. Call once, after all events. */
export function countUnanswered({ flows, spans, spec }: HeldTally, endAt: number): void {
  for (const flow of flows) {
    if (flow === undefined) continue;
    const at = flow.end?.t ?? endAt;
    const waitingMs = flow.end?.waitingMs ?? endAt - (flow.lastAnswerAt + spec.heartbeatMs);
    if (waitingMs <= 0 || at - waitingMs > endAt) continue;
    for (const span of spans) if (at >= span.start && at < span.end) lengthen(span, flow.flow, waitingMs);
  }
}

export function heldView(
  tally: HeldTally,
  span: HeldSpan,
  run: {
    readonly faults: readonly FaultEvent[];
    readonly predictions: ReadonlyMap<string, PredictionEvent>;
    readonly steadyAt: number;
    readonly timelineAt: number;
    readonly endAt: number;
    readonly tiers: HeldView['tiers'];
  },
): HeldView {
  const { faults } = run;
  const prediction = run.predictions.get(tally.spec.name);
  const flows = tally.flows.filter((flow) => flow !== undefined);
  const byFlow = new Map<Flow, readonly string[]>();
  const nodes = new Set(
    flows.flatMap(({ l7, backend, steps }) => [l7, backend, ...steps.map(({ l4 }) => l4)]),
  );
  return {
    spec: tally.spec,
    flows,
    steadyAt: run.steadyAt,
    start: span.start,
    end: Math.min(span.end, run.endAt),
    beats: span.beats,
    longest: span.longest,
    faults,
    tiers: run.tiers,
    timelineAt: run.timelineAt,
    ...(prediction === undefined ? {} : { prediction }),
    seen: (node) => nodes.has(node),
    exposed: (flow) => {
      const known = byFlow.get(flow) ?? exposures(flow, faults);
      byFlow.set(flow, known);
      return known;
    },
  };
}

/** The flows that stood at that time. */
export function standing({ flows }: HeldTally, t: number): number {
  return flows.filter((flow) => flow !== undefined && standsAt(flow, t)).length;
}

/** Flows of which neither an answer nor an end was recorded for so long that their timeout must have struck. */
export function silent({ flows, spec }: HeldTally, endAt: number): number {
  const longestMs = spec.heartbeatMs + spec.timeoutMs + graceMs;
  return flows.filter(
    (flow) => flow !== undefined && flow.end === undefined && endAt - flow.lastAnswerAt > longestMs,
  ).length;
}

/** Between a timeout and its record. */
const graceMs = 1000;

function lengthen(span: HeldSpan, flow: number, ms: number): void {
  if (flow >= span.longest.length) {
    const grown = new Float64Array(Math.max(flow + 1, span.longest.length * 2)).fill(-1);
    grown.set(span.longest);
    span.longest = grown;
  }
  if (ms > (span.longest[flow] ?? -1)) span.longest[flow] = ms;
}
