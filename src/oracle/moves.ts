/** Will a flow be seen on another L4 node? */
import { type Chance, certain, isPossible, never, unknown } from './chance.ts';
import type { Way } from './ecmp.ts';
import type { Patience } from './fate.ts';
import type { Places } from './places.ts';
import { losses, reorders, type Turn } from './turns.ts';

export const l4Of = (way: Way): string | undefined => way?.at(-1);

/**
 * @param l4s before and after the entry
 * @param broken does the entry break it?
 */
export function moveOf(
  [from, to]: readonly [string | undefined, string | undefined],
  broken: Chance,
  turn: Turn,
  places: Places,
  { heartbeatMs }: Patience,
): Chance {
  if (turn.fault === reorders) return never;
  if (!Object.hasOwn(losses, turn.fault)) return unknown;
  if (from === to || to === undefined) return never;
  // Nobody watches flows on L7 nodes move; and next hops that are fixed follow no rule of BGP's.
  if (places.fixed || places.node(to)?.kind !== 'ipvs') return unknown;
  // It is reset before it has an entry in the table.
  if (places.node(to)?.options.sloppy_tcp === false) return never;
  if (isPossible(broken)) return unknown;
  // A flow is seen where a heartbeat of it came through, after BGP has changed its mind.
  const visibleMs = heartbeatMs + settleMs;
  const lasts = turn.remainingMs >= visibleMs && (turn.restores || turn.outageMs >= visibleMs);
  return lasts ? certain : unknown;
}

/** BFD's detection, BGP's convergence, TCP's retransmission and the watch's own second. */
const settleMs = 2500;
