/** What is remembered of one held connection, and the way it took. */
import type { Cause, FaultEvent } from './history.ts';

/** A flow as of `t` went through these. */
export interface Step {
  readonly t: number;
  readonly l4: string;
  readonly l7: string;
  /** The L4 before; absent when the flow was seen for the first time. */
  readonly from?: string;
}

export interface Flow {
  readonly flow: number;
  readonly client: string;
  readonly l7: string;
  readonly backend: string;
  readonly connection: string;
  readonly openedAt: number;
  /** When the last heartbeat was answered (when it opened, if none was). */
  lastAnswerAt: number;
  /** The longest of the heartbeats that took too long, since steady state; `wellAt`: when the answer before came. */
  stall?: { readonly t: number; readonly ms: number; readonly wellAt: number };
  /** In order of time. Shared with what the path's observer reports for the client's address and port. */
  readonly steps: Step[];
  end?: {
    readonly t: number;
    /** Absent: by plan. */
    readonly cause?: Cause;
    readonly detail?: string;
    /** How long the oldest unanswered heartbeat had waited. */
    readonly waitingMs: number;
  };
}

/** Did the flow stand just before this moment? */
export function standsAt(flow: Flow, t: number): boolean {
  return flow.openedAt <= t && (flow.end === undefined || flow.end.t >= t);
}

export function brokenAt(flow: Flow): number | undefined {
  return flow.end?.cause === undefined ? undefined : flow.end.t;
}

/** The L4 that the flow used just before this moment, if anybody saw. */
export function l4Before(flow: Flow, t: number): string | undefined {
  const next = flow.steps.findIndex((step) => step.t >= t);
  if (next < 0) return flow.steps.at(-1)?.l4;
  return next === 0 ? flow.steps[0]?.from : flow.steps[next - 1]?.l4;
}

/**
 * Was the flow seen to change its L4 within [start, end)? What a closed socket's kernel still sends (a FIN that nobody
 * acknowledges, again and again for a minute) goes other ways too, but is no flow any more.
 */
export function movesWithin(flow: Flow, start: number, end: number): Step[] {
  const last = Math.min(end, (flow.end?.t ?? Number.POSITIVE_INFINITY) + sightingMs);
  return flow.steps.filter(({ t, from, l4 }) => from !== undefined && from !== l4 && t >= start && t < last);
}

/** The tables are looked at every second, and that takes its time: what ended a flow may be seen this much later. */
const sightingMs = 2000;

/** All nodes that the flow went through just before this moment, as far as anybody saw. */
function nodesBefore(flow: Flow, t: number): string[] {
  const l4 = l4Before(flow, t);
  return l4 === undefined ? [flow.l7, flow.backend] : [l4, flow.l7, flow.backend];
}

/** The faults that hit a node of the flow's way while it stood, by name. */
export function exposures(flow: Flow, faults: readonly FaultEvent[]): string[] {
  return faults
    .filter(({ action, landed }) => action === 'inject' && landed)
    .filter((fault) => standsAt(flow, fault.from))
    .filter((fault) => nodesBefore(flow, fault.from).some((node) => fault.targets.includes(node)))
    .map(({ name }) => name);
}
