/** What becomes of one flow, in one case, when one thing more happens. */
import { parseDuration } from '../base/units.ts';
import type { Plan } from '../topology/types.ts';
import { type Chance, certain, either, isPossible, never, times, unknown } from './chance.ts';
import type { Way } from './ecmp.ts';
import { groupOf } from './fabric.ts';
import { losesWayBack, unnoticedMs } from './notice.ts';
import type { Case, Places } from './places.ts';
import { nodeIn } from './state.ts';
import type { Turn } from './turns.ts';
import type { ForetoldFlow } from './types.ts';

export interface FlowFate {
  /** Does its way lead through a target? */
  readonly exposed: Chance;
  readonly broken: Chance;
  /** May it break because one of its ends is hit? */
  readonly isEnding: boolean;
}

/** How patient a flow is. */
export interface Patience {
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
}

/** Where a flow goes in a turn. */
export interface Path {
  readonly before: Way;
  readonly after: Way;
  /** L4 nodes that it may come by in between. */
  readonly between: readonly string[];
  /** L4 nodes that know where it belongs, each from that time on (ms into the timeline). */
  readonly known: ReadonlyMap<string, number>;
  /** Absent: it comes through, or did not before either. */
  readonly blockage?: Blockage;
}

/** Nothing of a flow comes through from now on. */
export interface Blockage {
  /** For how long, on a fast machine and on a slow one. */
  readonly leastMs: number;
  readonly ms: number;
  /** May a router come to know of it before that is over, and send it elsewhere? */
  readonly isNoticed: boolean;
}

export function fateOf(
  flow: ForetoldFlow,
  inCase: Case,
  path: Path,
  turn: Turn,
  places: Places,
  patience: Patience,
): FlowFate {
  const hit = (name: string | null): boolean => name !== null && turn.targets.includes(name);
  const ends = [flow.client, inCase.l7, inCase.backend];
  const exposed = !turn.restores && (ends.some(hit) || path.before?.some(hit)) ? certain : never;
  const isEnding = ends.some(hit);
  if (!isComputed(turn, patience))
    return isConfined(turn)
      ? { exposed, broken: isEnding ? unknown : never, isEnding }
      : { exposed: unknown, broken: unknown, isEnding };
  // Clients that are hit may not even notice.
  if (hit(flow.client)) return { exposed, broken: turn.restores ? never : unknown, isEnding };
  const lost = isEnding ? lossOfEnd(turn, patience) : never;
  const changed = changeOfWay(flow, inCase, path, turn, places, patience);
  return {
    exposed,
    broken: either(lost, either(changed, wait(inCase, path, turn, patience))),
    isEnding: isPossible(lost),
  };
}

/** Can it be computed what happens to flows? */
export function isComputed(turn: Turn, patience: Patience): boolean {
  if (!turn.known || !computedKinds.includes(turn.kind)) return false;
  return !filled(turn) || staysInUse(turn.after.plan, patience);
}

/** Does a group of next hops get one more? */
export const filled = ({ fault, restores, kind }: Turn): boolean =>
  restores && (fault === 'router.nexthop' || (fault === 'scale' && kind !== 'bird'));

/** Whatever it does, does it harm only connections that end on its targets? */
export const isConfined = (turn: Turn): boolean =>
  (turn.kind === 'web' || turn.kind === 'haproxy') && turn.fault !== 'net.partition' && !changesWays(turn);

/** Does a bucket with such a flow in it stay where it is when a next hop comes to a resilient group? Only what is idle may go. */
function staysInUse({ nodes }: Plan, { heartbeatMs }: Patience): boolean {
  const resilient = nodes.filter((node) => groupOf(node) === 'resilient');
  return resilient.every(
    ({ options: { idle_timer, unbalanced_timer } }) =>
      heartbeatMs + settleMs < durationOf(idle_timer) && durationOf(unbalanced_timer) === 0,
  );
}

const durationOf = (written: unknown): number => parseDuration(String(written)) ?? 0;

const computedKinds = ['bird', 'ipvs', 'haproxy', 'web', 'client'];

/** Do the routers send flows elsewhere for its sake? Those that lead there themselves, or that are hit. */
export const changesWays = ({ kind, targets, fault, before, after }: Turn): boolean =>
  fault !== 'l4.order' &&
  fault !== 'l4.flush' &&
  (kind === 'bird' ||
    targets.some((name) => (nodeIn(after.plan, name) ?? nodeIn(before.plan, name))?.announces === true));

/** The flow comes to an L4 node (or to an L7 node, where none stands before) that it may not be known to. */
function changeOfWay(
  flow: ForetoldFlow,
  inCase: Case,
  { before, after, between, known, blockage }: Path,
  turn: Turn,
  places: Places,
  patience: Patience,
): Chance {
  const to = after?.at(-1);
  if (blockage !== undefined)
    return blockage.isNoticed ? unknown : stall(blockage.ms, patience, blockage.leastMs);
  if (to === undefined || turn.after.deaf.has(to)) return never;
  const anew = (l4: string): Chance => placedAnew(l4, flow, inCase, turn, places, patience);
  const since = known.get(to);
  // Where it came a moment ago perhaps no heartbeat of it was seen; that matters if it would now be placed elsewhere.
  const isFirm =
    since !== undefined &&
    (since <= turn.beginsMs ||
      (to === before?.at(-1) &&
        places.choice(turn.before, to, flow) === places.choice(turn.after, to, flow)));
  const final = isFirm ? never : since === undefined ? anew(to) : isPossible(anew(to)) ? unknown : never;
  const astray = between.some((l4) => !known.has(l4) && isPossible(anew(l4)));
  return astray ? either(final, unknown) : final;
}

/** Packets go to the dead until it is noticed; answers, if it is not. Which answers those are is for a hash to say that nobody asked. */
function wait({ l7 }: Case, { before }: Path, turn: Turn, patience: Patience): Chance {
  const ms = losesWayBack(l7, turn) ? turn.outageMs : unnoticedMs(before, turn);
  return isPossible(stall(ms, patience)) ? unknown : never;
}

/** A node meets the flow in midstream. */
function placedAnew(
  to: string,
  flow: ForetoldFlow,
  inCase: Case,
  turn: Turn,
  places: Places,
  patience: Patience,
): Chance {
  const l4 = nodeIn(turn.after.plan, to);
  if (l4?.options.sloppy_tcp === false) return reset(turn, patience);
  const chosen = places.choice(turn.after, to, flow);
  // Nobody answers, or nobody that can be named.
  if (chosen === undefined || (chosen !== null && inCase.l7 === null)) return unknown;
  if (chosen !== null) return chosen === inCase.l7 ? never : reset(turn, patience);
  const servers = new Set(l4?.targets.map(({ node }) => node).filter((node) => !turn.after.gone.has(node)));
  return servers.size === 0 ? unknown : times(reset(turn, patience), 1 - 1 / servers.size);
}

/** L7 nodes and backends: the connection ends there. */
function lossOfEnd({ cut, outageMs, remainingMs }: Turn, patience: Patience): Chance {
  if (cut === undefined) return never;
  if (cut === 'stalled') return stall(outageMs, patience);
  // Nobody answers: seen when a heartbeat is due, and its timeout over.
  return remainingMs >= patience.heartbeatMs + patience.timeoutMs ? certain : unknown;
}

/** Whoever does not know the connection answers its next packet with a reset: seen, if the run lasts long enough. */
const reset = ({ remainingMs }: Turn, { heartbeatMs }: Patience): Chance =>
  remainingMs >= heartbeatMs + settleMs ? certain : unknown;

/**
 * Nothing passes for a while. What is sent again (RFC 6298: each time after twice as long) arrives at the latest after another
 * such while; a heartbeat is under way at the latest one interval after the beginning.
 */
function stall(outageMs: number, { heartbeatMs, timeoutMs }: Patience, leastMs = outageMs): Chance {
  if (leastMs >= heartbeatMs + timeoutMs) return certain;
  return 2 * outageMs < timeoutMs ? never : unknown;
}

/** BFD's detection, BGP's convergence, TCP's retransmission and the watch's own second. */
export const settleMs = 2500;
