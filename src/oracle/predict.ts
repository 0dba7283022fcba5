import { endpoint } from '../base/ip.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { ForetoldFlows } from '../verdict/history.ts';
import {
  both,
  type Chance,
  certain,
  countBounds,
  either,
  isCertain,
  isExact,
  isPossible,
  never,
  not,
  plus,
  times,
  unknown,
} from './chance.ts';
import { type Fate, fateOf, type Patience } from './fate.ts';
import { l4Of, moveOf } from './moves.ts';
import { type Places, placesOf } from './places.ts';
import { type Turn, turnsOf } from './turns.ts';
import type { FlowSets, ForetoldFlow, KnownWays, Prediction, Shares, TrafficForecast } from './types.ts';
import { whyOf } from './why.ts';

/**
 * Foretells which flows each entry of the timeline breaks. Exact where the flow's L7 decides; where the routers' secret hash does
 * (which flows an L4 node carries), exact with `ways`, and within bounds without.
 * Assumes that the lab works as planned: next hops as BGP gives them, each entry's effects over before the next comes.
 * @param flows held connections of the plan's clients
 * @param ways what is known of them when all is well; default: nothing
 */
export function predict(
  scenario: Pick<Scenario, 'timeline' | 'durationMs' | 'traffic'>,
  plan: Plan,
  flows: readonly ForetoldFlow[],
  ways: KnownWays = new Map(),
): Prediction {
  const places = placesOf(plan, ways);
  const turns = turnsOf(scenario, plan);
  const patience = patienceOf(scenario);
  const stories = flows.map((flow) => storyOf(flow, turns, places, patience(flow)));
  const l7s = flows.map((flow) => onlyL7(places, flow));
  const total = byTraffic(
    flows,
    stories.map(({ broken }) => ({ exposed: never, broken })),
  );
  return {
    shares: sharesOf(flows, l7s),
    entries: turns.map((turn, i) => ({
      name: turn.name,
      atMs: turn.atMs,
      action: turn.action,
      fault: turn.fault,
      targets: turn.targets,
      byTraffic: byTraffic(
        flows,
        stories.map(({ fates }) => fates[i] ?? { exposed: never, broken: never }),
      ),
      why: whyOf(turn, places),
    })),
    total: total.map(({ exposed: _, ...rest }) => rest),
    sets: setsOf(flows, stories),
    flows: flows.map(({ traffic, flow, address, port }, i) => ({
      traffic,
      flow,
      client: endpoint(address, port),
      l7: l7s[i] ?? null,
    })),
  };
}

/** What becomes of a flow at each entry, and in all. */
interface Story {
  /** `broken`: there, and not before. */
  readonly fates: readonly Fate[];
  readonly broken: Chance;
  /** Seen on another L4 node than before. */
  readonly moved: Chance;
}

function patienceOf({ traffic }: Pick<Scenario, 'traffic'>): (flow: ForetoldFlow) => Patience {
  const known = new Map(traffic.map((spec) => [spec.name, spec]));
  return ({ traffic: name }) => {
    const spec = known.get(name);
    if (spec?.type !== 'held-tcp') throw new Error(`${name} holds no connections`);
    return spec;
  };
}

/** Each case is followed through the whole timeline: where a flow is later depends on where it was. */
function storyOf(flow: ForetoldFlow, turns: readonly Turn[], places: Places, patience: Patience): Story {
  const { states, numberOf } = statesOf(turns);
  const fates: Fate[] = turns.map(() => ({ exposed: never, broken: never }));
  let total = never;
  let totalMoved = never;
  for (const inCase of places.cases(flow, states)) {
    let broken = never;
    let moved = never;
    let at = l4Of(inCase.ways[0] ?? null);
    // Was it really seen there? After too short a stay nobody knows.
    let there: Chance = certain;
    for (const [i, turn] of turns.entries()) {
      const way = (gone: ReadonlySet<string>) => inCase.ways[numberOf(gone)] ?? null;
      const fate = fateOf(flow, inCase, [way(turn.before), way(turn.after)], turn, places, patience);
      const sum = fates[i] ?? { exposed: never, broken: never };
      fates[i] = {
        exposed: plus(sum.exposed, times(fate.exposed, inCase.probability)),
        broken: plus(sum.broken, times(both(fate.broken, not(broken)), inCase.probability)),
      };
      const next = l4Of(way(turn.after)) ?? at;
      const seen = moveOf([at, next], fate.broken, turn, places, patience);
      moved = either(moved, both(both(seen, there), not(broken)));
      if (at !== next) there = isExact(seen) ? certain : unknown;
      at = next;
      broken = either(broken, fate.broken);
    }
    totalMoved = plus(totalMoved, times(moved, inCase.probability));
    total = plus(total, times(broken, inCase.probability));
  }
  return { fates, broken: total, moved: totalMoved };
}

/** The different states of the lab in a timeline; the first is that in which all is well. */
function statesOf(turns: readonly Turn[]): {
  states: readonly ReadonlySet<string>[];
  numberOf: (gone: ReadonlySet<string>) => number;
} {
  const key = (gone: ReadonlySet<string>): string => [...gone].sort().join(' ');
  const all = [new Set<string>(), ...turns.flatMap(({ before, after }) => [before, after])];
  const byKey = new Map(all.map((gone) => [key(gone), gone]));
  const keys = [...byKey.keys()];
  return { states: [...byKey.values()], numberOf: (gone) => keys.indexOf(key(gone)) };
}

function byTraffic(flows: readonly ForetoldFlow[], fates: readonly Fate[]): TrafficForecast[] {
  return [...new Set(flows.map(({ traffic }) => traffic))].map((traffic) => {
    const own = fates.flatMap((fate, i) => {
      const flow = flows[i];
      return flow?.traffic === traffic ? [{ ...fate, flow: flow.flow }] : [];
    });
    const numbers = (wanted: (broken: Chance) => boolean): number[] =>
      own
        .filter(({ broken }) => wanted(broken))
        .map(({ flow }) => flow)
        .sort((a, b) => a - b);
    return {
      traffic,
      flows: own.length,
      exposed: countBounds(own.map(({ exposed }) => exposed)),
      broken: countBounds(own.map(({ broken }) => broken)),
      must: numbers(isCertain),
      may: numbers((broken) => isPossible(broken) && !isCertain(broken)),
    };
  });
}

function setsOf(flows: readonly ForetoldFlow[], stories: readonly Story[]): FlowSets[] {
  return [...new Set(flows.map(({ traffic }) => traffic))].map((traffic) => {
    const own = flows.flatMap((flow, i): (Story & { flow: number })[] => {
      const story = stories[i];
      return flow.traffic === traffic && story !== undefined ? [{ ...story, flow: flow.flow }] : [];
    });
    return {
      traffic,
      flows: own.length,
      broken: setOf(own.map(({ flow, broken }) => ({ flow, chance: broken }))),
      moved: setOf(own.map(({ flow, moved }) => ({ flow, chance: moved }))),
    };
  });
}

function setOf(flows: readonly { flow: number; chance: Chance }[]): ForetoldFlows {
  const numbers = (wanted: (chance: Chance) => boolean): number[] =>
    flows
      .filter(({ chance }) => isPossible(chance) && wanted(chance))
      .map(({ flow }) => flow)
      .sort((a, b) => a - b);
  return {
    must: numbers(isCertain),
    may: numbers((chance) => !isCertain(chance) && isExact(chance)),
    unsaid: numbers((chance) => !isExact(chance)),
    ...countBounds(flows.map(({ chance }) => chance)),
  };
}

/** The flow's L7 if it is the same in all cases. */
function onlyL7(places: Places, flow: ForetoldFlow): string | undefined {
  const names = new Set(places.cases(flow, [new Set()]).map(({ l7 }) => l7));
  const [first] = names;
  return names.size === 1 ? (first ?? undefined) : undefined;
}

function sharesOf(flows: readonly ForetoldFlow[], l7s: readonly (string | undefined)[]): Shares[] {
  return [...new Set(flows.map(({ traffic }) => traffic))].map((traffic) => {
    const counts = new Map<string, number>();
    for (const [i, flow] of flows.entries()) {
      if (flow.traffic !== traffic) continue;
      const l7 = l7s[i];
      if (l7 === undefined) return { traffic };
      counts.set(l7, (counts.get(l7) ?? 0) + 1);
    }
    const numbers = [...counts.values()];
    const mean = numbers.reduce((sum, count) => sum + count, 0) / numbers.length;
    const inOrder = [...counts].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
    return { traffic, byL7: Object.fromEntries(inOrder), maxOverMean: Math.max(...numbers) / mean };
  });
}
