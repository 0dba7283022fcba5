/** What becomes of one flow over a whole timeline. */
import { both, type Chance, certain, either, isExact, never, not, plus, times, unknown } from './chance.ts';
import type { Way } from './ecmp.ts';
import { groupOf } from './fabric.ts';
import { type Blockage, fateOf, type Patience, settleMs } from './fate.ts';
import { l4Of, moveOf } from './moves.ts';
import { rememberedMs, unnoticedMs } from './notice.ts';
import type { Case, Places } from './places.ts';
import { nodeIn, type State } from './state.ts';
import type { Turn } from './turns.ts';
import type { ForetoldFlow } from './types.ts';

export interface Fate {
  /** Does its way lead through a target? */
  readonly exposed: Chance;
  /** There, and not before. */
  readonly broken: Chance;
  /** Seen on another L4 node than before that. */
  readonly moved: Chance;
}

export interface Story {
  /** Turn by turn. */
  readonly fates: readonly Fate[];
  readonly broken: Chance;
  /** Seen on another L4 node than before. */
  readonly moved: Chance;
}

/**
 * Each case is followed through the whole timeline: where a flow is later depends on where it was.
 * @param states before the first turn, and after each
 */
export function storyOf(
  flow: ForetoldFlow,
  turns: readonly Turn[],
  states: readonly State[],
  places: Places,
  patience: Patience,
): Story {
  const targets = new Set(turns.flatMap((turn) => turn.targets));
  const all = places
    .cases(flow, states, (backend) => targets.has(backend))
    .map((inCase) => ({
      probability: inCase.probability,
      story: followCase(flow, inCase, turns, places, patience),
    }));
  const sum = (of: (story: Story) => Chance): Chance =>
    all.reduce((total, { probability, story }) => plus(total, times(of(story), probability)), never);
  return {
    fates: turns.map((_, i) => ({
      exposed: sum(({ fates }) => fates[i]?.exposed ?? never),
      broken: sum(({ fates }) => fates[i]?.broken ?? never),
      moved: sum(({ fates }) => fates[i]?.moved ?? never),
    })),
    broken: sum(({ broken }) => broken),
    moved: sum(({ moved }) => moved),
  };
}

function followCase(
  flow: ForetoldFlow,
  inCase: Case,
  turns: readonly Turn[],
  places: Places,
  patience: Patience,
): Story {
  const fates: Fate[] = [];
  let [broken, moved] = [never, never];
  let at = l4Of(inCase.ways[0]);
  // Was it really seen there? After too short a stay nobody knows.
  let there: Chance = certain;
  const known = new Map(at === undefined ? [] : [[at, Number.NEGATIVE_INFINITY]]);
  const blockages = blockagesOn(inCase.ways, turns);
  for (const [i, turn] of turns.entries()) {
    const [before = null, after = null] = inCase.ways.slice(i, i + 2);
    for (const l4 of turn.forgetful) known.delete(l4);
    const between = places.between(flow, [turn.before, turn.after], after);
    const blockage = blockages[i];
    const path = { before, after, between, known, ...(blockage === undefined ? {} : { blockage }) };
    const fate = fateOf(flow, inCase, path, turn, places, patience);
    const here = isBlocked(after, turn.after) ? undefined : l4Of(after);
    const next = here ?? at;
    const delay = unnoticedMs(before, turn);
    const move = { from: at, to: next, between, unnoticedMs: delay, isEnding: fate.isEnding };
    const seen = blockage?.isNoticed === true ? unknown : moveOf(move, turn, patience);
    const movesNow = both(both(seen, there), not(broken));
    fates.push({ exposed: fate.exposed, broken: both(fate.broken, not(broken)), moved: movesNow });
    moved = either(moved, movesNow);
    if (at !== next || blockage?.isNoticed === true) there = isExact(seen) ? certain : unknown;
    // The next heartbeat makes it known there.
    if (here !== undefined && !known.has(here))
      known.set(here, turn.overMs + patience.heartbeatMs + settleMs);
    at = next;
    broken = either(broken, fate.broken);
  }
  return { fates, broken, moved };
}

/** There is no way, or it leads to somebody who is dead. */
const isBlocked = (way: Way, { deaf }: State): boolean => way === null || deaf.has(way.at(-1) ?? '');

/** By turn: what blocks the way from then on, if it was open before. */
function blockagesOn(ways: readonly Way[], turns: readonly Turn[]): readonly (Blockage | undefined)[] {
  const [first] = turns;
  if (first === undefined) return [];
  const states = [first.before, ...turns.map(({ after }) => after)];
  const blocked = states.map((state, i) => isBlocked(ways[i] ?? null, state));
  return turns.map((turn, i) => {
    if (!blocked[i + 1] || blocked[i]) return undefined;
    const end = turns.find((_, later) => later > i && !blocked[later + 1]);
    const lasting = (endMs = turn.overMs + turn.remainingMs): number =>
      Math.max(0, endMs - turn.beginsMs - rememberedMs(turn));
    const ms = lasting(end?.overMs);
    const router = nodeIn(turn.after.plan, ways[i + 1]?.at(-2));
    return {
      leastMs: lasting(end?.beginsMs),
      ms,
      isNoticed: router !== undefined && groupOf(router) === 'static' && ms > noticeMs,
    };
  });
}

/**
 * A plain group passes over a next hop that answers no ARP any more (Linux net/ipv4/nexthop.c, nexthop_select_path_hthr), which is found
 * at the earliest after three questions, a second apart (net/ipv4/arp.c), and perhaps much later. A resilient group does not.
 */
const noticeMs = 3000;
