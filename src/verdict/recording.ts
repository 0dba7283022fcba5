/** One pass over the events of a history. What it keeps grows with flows, faults and windows, not with events. */

import { addTrace, isTrace, type Trace } from './attribution.ts';
import { backlogOf } from './backlog.ts';
import { type Expecting, expectingOf } from './expecting.ts';
import {
  countBeat,
  countClose,
  countFailedOpen,
  countOpen,
  countUnanswered,
  type HeldTally,
  heldTally,
} from './held-tally.ts';
import type {
  BeatEvent,
  FaultEvent,
  PhaseEvent,
  PredictionEvent,
  RequestEvent,
  RunEvent,
} from './history.ts';
import { countRequest, type HttpTally, httpTally } from './http-tally.ts';
import { countNode, type NodeTally, nodeTallies } from './nodes.ts';
import {
  type CorruptLine,
  type EventSource,
  HistoryError,
  isMany,
  type ParsedLine,
} from './parse-history.ts';
import { waysOf } from './ways.ts';
import { locate, missingMarks, type Span, windowsOf } from './windows.ts';

/** Times are ms since the epoch, infinite where the history does not have them. */
export interface Recording {
  readonly run: RunEvent;
  readonly expecting: readonly Expecting[];
  readonly held: ReadonlyMap<string, HeldTally>;
  readonly http: ReadonlyMap<string, HttpTally>;
  readonly nodes: ReadonlyMap<string, NodeTally>;
  readonly phases: readonly PhaseEvent[];
  readonly faults: readonly FaultEvent[];
  readonly corrupt: readonly CorruptLine[];
  /** When each entry of the timeline began. */
  readonly marks: ReadonlyMap<string, number>;
  readonly steadyAt: number;
  readonly timelineAt: number;
  /** The `end` phase; without one the time of the last event. */
  readonly endAt: number;
  readonly ended: boolean;
  /** Largest lag during the timeline. */
  readonly lagMs: number;
  /** Longest look at the balancers' tables during the timeline; 0: all were quick. */
  readonly lookMs: number;
  /** More events came between a fault's due time and its record than could be kept. */
  readonly overflowed: boolean;
  /** What the oracle said of each traffic; the first word counts. */
  readonly predictions: ReadonlyMap<string, PredictionEvent>;
  /** By client: what is known of the flows that were in trouble. */
  readonly traces: ReadonlyMap<string, Trace>;
}

const never = Number.POSITIVE_INFINITY;

/**
 * @throws HistoryError if the first event is no `run`, or one of another format
 */
export async function record(source: EventSource): Promise<Recording> {
  let recorder: Recorder | undefined;
  for await (const events of source) {
    for (const event of isMany(events) ? events : [events]) {
      if (recorder === undefined) recorder = await begin(event);
      else recorder.add(event);
    }
  }
  if (recorder === undefined) throw new HistoryError(1, 'is missing: the history is empty');
  return recorder.finish();
}

interface Recorder {
  add(event: ParsedLine): void;
  finish(): Recording;
}

async function begin(first: ParsedLine): Promise<Recorder> {
  if (first.type === 'phase' && first.phase === 'interrupted')
    throw new HistoryError(1, 'is no run event: the run was interrupted while its lab came up');
  if (first.type !== 'run') throw new HistoryError(1, 'is no run event: this is no history of tierlab');
  if (first.format !== 1) {
    throw new HistoryError(1, `has format ${String(first.format)}: this version of tierlab reads format 1`);
  }
  // Only requests need histograms, and loading the library takes its time.
  const { build } = await import('hdr-histogram-js');
  return recorderOf(first, build);
}

type BuildHistogram = typeof import('hdr-histogram-js').build;

function recorderOf(run: RunEvent, build: BuildHistogram): Recorder {
  const expecting = expectingOf(run.expect);
  const { held, http } = talliesOf(run, expecting, build);
  const spans = [...held.values(), ...http.values()].flatMap((tally): readonly Span[] => tally.spans);
  const windows = spans.map(({ window }) => window).filter((window) => window !== undefined);
  const phases: PhaseEvent[] = [];
  const faults: FaultEvent[] = [];
  const corrupt: CorruptLine[] = [];
  const marks = new Map<string, number>();
  const ways = waysOf(run);
  const nodes = nodeTallies(run);
  const predictions = new Map<string, PredictionEvent>();
  const traces = new Map<string, Trace>();
  const at = { steadyAt: never, timelineAt: never, endAt: never };
  let lastAt = run.t;
  let lagMs = 0;
  let lookMs = 0;

  const backlog = backlogOf((event: BeatEvent | RequestEvent) => {
    if (event.type === 'beat') {
      const tally = held.get(event.traffic);
      if (tally !== undefined) countBeat(tally, event, at);
    } else {
      const tally = http.get(event.traffic);
      if (tally !== undefined) countRequest(tally, event, at);
    }
  });
  const relocate = (): void => {
    for (const span of spans) locate(span, { steadyAt: at.steadyAt, times: marks });
    const missing = missingMarks(windows, marks);
    const due = run.timeline
      .filter(({ name }) => missing.includes(name))
      .map(({ atMs }) => at.timelineAt + atMs);
    backlog.openUntil(Math.min(never, ...due) - earlyMs);
  };
  const addPhase = (event: PhaseEvent): void => {
    phases.push(event);
    if (event.phase === 'steady') at.steadyAt = Math.min(at.steadyAt, event.t);
    if (event.phase === 'timeline') at.timelineAt = Math.min(at.timelineAt, event.t);
    if (event.phase === 'end') at.endAt = Math.min(at.endAt, event.t);
    relocate();
  };
  const addFault = (event: FaultEvent): void => {
    const healOfSameName = event.action === 'heal' && marks.has(event.name);
    faults.push(event);
    marks.set(healOfSameName ? `heal-${event.name}` : event.name, event.from);
    relocate();
  };

  const add = (event: ParsedLine): void => {
    if (event.type === 'corrupt') {
      corrupt.push(event);
      return;
    }
    if (event.t > lastAt) lastAt = event.t;
    if (event.type === 'beat' || event.type === 'request') backlog.add(event);
    else if (event.type === 'path') ways.add(event);
    else if (event.type === 'node') {
      const tally = nodes.get(event.node);
      if (tally !== undefined) countNode(tally, event);
    } else if (event.type === 'phase') addPhase(event);
    else if (event.type === 'fault') addFault(event);
    else if (event.type === 'prediction') {
      if (!predictions.has(event.traffic)) predictions.set(event.traffic, event);
    } else if (isTrace(event)) addTrace(traces, event);
    else if (event.type === 'lag') {
      if (event.t >= at.timelineAt && event.t <= at.endAt) lagMs = Math.max(lagMs, event.ms);
    } else if (event.type === 'look') {
      if (event.t >= at.timelineAt && event.t <= at.endAt) lookMs = Math.max(lookMs, event.ms);
    } else if (event.type === 'run')
      throw new HistoryError(1, 'is followed by another run: one file holds one run');
    else {
      const tally = held.get(event.traffic);
      if (tally === undefined) return;
      if (event.type === 'open') countOpen(tally, event, ways.of(event.client), at.steadyAt);
      else if (event.type === 'close') countClose(tally, event);
      else if (event.type === 'open-failed') countFailedOpen(tally, event);
    }
  };

  const finish = (): Recording => {
    backlog.openUntil(never);
    const ended = at.endAt !== never;
    const endAt = ended ? at.endAt : lastAt;
    for (const tally of held.values()) countUnanswered(tally, endAt);
    const { overflowed } = backlog;
    return {
      run,
      expecting,
      held,
      http,
      nodes,
      phases,
      faults,
      corrupt,
      marks,
      ...at,
      endAt,
      ended,
      lagMs,
      lookMs,
      overflowed,
      predictions,
      traces,
    };
  };
  return { add, finish };
}

/** A command may begin this much before it is due, by the clock of whoever recorded it. */
const earlyMs = 100;

function talliesOf(
  run: RunEvent,
  expecting: readonly Expecting[],
  build: BuildHistogram,
): { held: Map<string, HeldTally>; http: Map<string, HttpTally> } {
  const expectations = expecting.map(({ parsed }) => parsed).filter((parsed) => parsed !== undefined);
  const held = new Map<string, HeldTally>();
  const http = new Map<string, HttpTally>();
  for (const spec of run.traffic) {
    const windows = windowsOf(expectations, spec.name).map(
      (window): Span => ({ window, start: never, end: never }),
    );
    const spans = [{ start: never, end: never }, ...windows];
    if (spec.type === 'held-tcp') held.set(spec.name, heldTally(spec, spans));
    else http.set(spec.name, httpTally(spec, spans, build));
  }
  return { held, http };
}
