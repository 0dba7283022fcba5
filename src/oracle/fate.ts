/** What becomes of one flow, in one case, when the timeline goes one entry further. */
import { type Chance, certain, either, never, times, unknown } from './chance.ts';
import type { Way } from './ecmp.ts';
import type { Case, Places } from './places.ts';
import { losses, reorders, type Turn } from './turns.ts';
import type { ForetoldFlow } from './types.ts';

export interface Fate {
  /** Does its way lead through a target? */
  readonly exposed: Chance;
  readonly broken: Chance;
}

/** How patient a flow is. */
export interface Patience {
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
}

/** @param ways before and after the entry */
export function fateOf(
  flow: ForetoldFlow,
  inCase: Case,
  ways: readonly [Way, Way],
  turn: Turn,
  places: Places,
  patience: Patience,
): Fate {
  const hit = (name: string | null): boolean => name !== null && turn.targets.includes(name);
  const exposed = turn.restores ? never : certain;
  if (turn.fault === reorders) return { exposed: ways[0]?.some(hit) ? exposed : never, broken: never };
  if (!Object.hasOwn(losses, turn.fault)) return { exposed: unknown, broken: unknown };
  if (places.fixed && changesWays(turn, places)) return { exposed: unknown, broken: unknown };
  switch (turn.kind) {
    case 'bird':
    case 'ipvs':
      return {
        exposed: ways[0]?.some(hit) ? exposed : never,
        broken: changeOfWay(flow, inCase, ways, turn, places, patience),
      };
    case 'haproxy':
      return {
        exposed: hit(inCase.l7) ? exposed : never,
        broken: either(
          hit(inCase.l7) ? lossOfEnd(turn, patience) : never,
          changesWays(turn, places) ? changeOfWay(flow, inCase, ways, turn, places, patience) : never,
        ),
      };
    case 'web':
      return hit(inCase.backend) ? { exposed, broken: lossOfEnd(turn, patience) } : unscathed;
    case 'client':
      return hit(flow.client) && !turn.restores ? { exposed, broken: unknown } : unscathed;
    default:
      return { exposed: unknown, broken: unknown };
  }
}

/** Do the routers send flows elsewhere for its sake? Those that lead there themselves, or that are hit. */
export const changesWays = ({ kind, targets }: Turn, places: Places): boolean =>
  kind === 'bird' || targets.some((name) => places.node(name)?.announces === true);

const unscathed: Fate = { exposed: never, broken: never };

/** Routers and those that announce the VIP: the flow goes another way, perhaps. */
function changeOfWay(
  flow: ForetoldFlow,
  inCase: Case,
  [before, after]: readonly [Way, Way],
  turn: Turn,
  places: Places,
  patience: Patience,
): Chance {
  const home = inCase.ways[0]?.at(-1) ?? '';
  const to = after?.at(-1);
  if (to === undefined) return before === null ? never : stall(turn.outageMs, patience);
  const from = before?.at(-1) ?? home;
  if (from === to || (to === home && !turn.forgetful.has(home))) return never;
  const l4 = places.node(to);
  if (l4?.options.sloppy_tcp === false) return end(turn, patience);
  const down = new Set([...turn.after].filter((name) => places.node(name)?.kind === 'haproxy'));
  const chosen = places.choice(to, flow, down.size === 0 ? undefined : down, turn.orders.get(to));
  // Nobody answers, or nobody that can be named.
  if (chosen === undefined || (chosen !== null && inCase.l7 === null)) return unknown;
  if (chosen !== null) return chosen === inCase.l7 ? never : end(turn, patience);
  const servers = (l4?.targets ?? []).filter(({ node }) => !down.has(node)).length;
  return servers === 0 ? unknown : times(end(turn, patience), 1 - 1 / servers);
}

/** L7 nodes and backends: the connection ends there. */
function lossOfEnd(turn: Turn, patience: Patience): Chance {
  if (turn.restores || turn.fault === 'drain') return never;
  return losses[turn.fault] === 'forgets' ? end(turn, patience) : stall(turn.outageMs, patience);
}

/** It breaks with the next heartbeat or its timeout: seen, if the run lasts long enough. */
const end = ({ remainingMs }: Turn, { heartbeatMs, timeoutMs }: Patience): Chance =>
  remainingMs >= heartbeatMs + timeoutMs ? certain : unknown;

/**
 * Nothing passes for a while. What is sent again (RFC 6298: each time after twice as long) arrives at the latest after another
 * such while; a heartbeat is under way at the latest one interval after the beginning.
 */
function stall(outageMs: number, { heartbeatMs, timeoutMs }: Patience): Chance {
  if (outageMs >= heartbeatMs + timeoutMs) return certain;
  return 2 * outageMs < timeoutMs ? never : unknown;
}
