/** Will a flow be seen on another L4 node? */
import { type Chance, certain, isPossible, never, unknown } from './chance.ts';
import type { Way } from './ecmp.ts';
import { isComputed, isConfined, type Patience, settleMs } from './fate.ts';
import type { Places } from './places.ts';
import { nodeIn } from './state.ts';
import type { Turn } from './turns.ts';

export const l4Of = (way: Way | undefined): string | undefined => way?.at(-1);

/**
 * @param l4s before and after the turn
 * @param broken does the turn break it?
 */
export function moveOf(
  [from, to]: readonly [string | undefined, string | undefined],
  broken: Chance,
  turn: Turn,
  places: Places,
  patience: Patience,
): Chance {
  if (!isComputed(turn, places, patience)) return isConfined(turn) ? never : unknown;
  if (from === to || to === undefined) return never;
  const l4 = nodeIn(turn.after.plan, to);
  // Nobody watches flows on L7 nodes move.
  if (l4?.kind !== 'ipvs') return unknown;
  // It is reset before it has an entry in the table.
  if (l4.options.sloppy_tcp === false) return never;
  if (isPossible(broken)) return unknown;
  // A flow is seen where a heartbeat of it came through, after BGP has changed its mind.
  const visibleMs = patience.heartbeatMs + settleMs;
  const lasts = turn.remainingMs >= visibleMs && (turn.restores || turn.outageMs >= visibleMs);
  return lasts ? certain : unknown;
}
