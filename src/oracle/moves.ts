/** Will a flow be seen on another L4 node? */
import { type Chance, certain, never, unknown } from './chance.ts';
import type { Way } from './ecmp.ts';
import { isComputed, isConfined, type Patience, settleMs } from './fate.ts';
import { nodeIn } from './state.ts';
import type { Turn } from './turns.ts';

export const l4Of = (way: Way | undefined): string | undefined => way?.at(-1);

interface Move {
  /** L4 nodes before and after the turn. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** L4 nodes that it may come by in between. */
  readonly between: readonly string[];
  /** How long it is until the routers know that they have to send it elsewhere; 0: at once. */
  readonly unnoticedMs: number;
  /** May it break for another reason than that it moves? */
  readonly isEnding: boolean;
}

export function moveOf(
  { from, to, between, unnoticedMs, isEnding }: Move,
  turn: Turn,
  patience: Patience,
): Chance {
  if (!isComputed(turn, patience)) return isConfined(turn) ? never : unknown;
  if (to === undefined) return never;
  if (from === to) return between.length === 0 ? never : unknown;
  const l4 = nodeIn(turn.after.plan, to);
  // Nobody watches flows on L7 nodes move.
  if (l4?.kind !== 'ipvs') return unknown;
  // It is reset before it has an entry in the table.
  if (l4.options.sloppy_tcp === false) return never;
  // One that is reset because it moved has left its trace there.
  if (isEnding) return unknown;
  // A flow is seen where a heartbeat of it came through, after BGP has changed its mind. TCP sends again after up to twice the time.
  const visibleMs = patience.heartbeatMs + 2 * unnoticedMs + settleMs;
  const lasts = turn.remainingMs >= visibleMs && (turn.restores || turn.outageMs >= visibleMs);
  return lasts ? certain : unknown;
}
