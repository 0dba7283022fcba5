import { endpoint } from '../base/ip.ts';
import { naturally } from '../base/natural-order.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { ForetoldFlows } from '../verdict/history.ts';
import { type Chance, countBounds, isCertain, isExact, isPossible, never } from './chance.ts';
import type { Patience } from './fate.ts';
import { type Case, type Places, placesOf } from './places.ts';
import { allWell, type State } from './state.ts';
import { type Fate, type Story, storyOf } from './story.ts';
import { type Turn, turnsOf } from './turns.ts';
import type { FlowSets, ForetoldFlow, KnownWays, Prediction, Shares, TrafficForecast } from './types.ts';
import { whyOf } from './why.ts';

/**
 * Foretells which flows each entry of the timeline breaks. Exact where the flow's L7 decides; where the routers' secret hash does
 * (which flows an L4 node carries), exact with `ways`, and within bounds without.
 * Assumes that the lab works as planned: next hops as BGP gives them, each entry's effects over before the next comes.
 * @param plans what the lab is, one after another: another one after each `scale` of the timeline
 * @param flows held connections of the plan's clients
 * @param ways what is known of them when all is well; default: nothing
 */
export function predict(
  scenario: Pick<Scenario, 'timeline' | 'durationMs' | 'traffic'>,
  plans: readonly Plan[],
  flows: readonly ForetoldFlow[],
  ways: KnownWays = new Map(),
): Prediction {
  const { places, turns, states, beginnings } = courseOf(scenario, plans, flows, ways);
  const patience = patienceOf(scenario);
  const stories = flows.map((flow) => storyOf(flow, turns, states, places, patience(flow)));
  const longest = longestOf(flows.map(patience));
  const l7s = beginnings.map(onlyL7);
  const total = byTraffic(
    flows,
    stories.map(({ broken, moved }) => ({ exposed: never, broken, moved })),
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
        stories.map(({ fates }) => fates[i] ?? { exposed: never, broken: never, moved: never }),
      ),
      why: whyOf(turn, places, longest),
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

/** What happens to the lab, and where its flows are in the beginning. */
export function courseOf(
  scenario: Pick<Scenario, 'timeline' | 'durationMs'>,
  plans: readonly Plan[],
  flows: readonly ForetoldFlow[],
  ways: KnownWays,
): Course {
  const first = allWell(plans);
  const places = placesOf(first, ways);
  const inTheBeginning = [first];
  const beginnings = flows.map((flow) => places.cases(flow, inTheBeginning, () => false));
  const ends = new Set(
    flows.flatMap((flow, i) => {
      const l7s = [...new Set(beginnings[i]?.map(({ l7 }) => l7))];
      return l7s.flatMap((l7) => [l7, ...places.backends(flow, l7)]);
    }),
  );
  const turns = turnsOf(scenario, plans, first, (names) => names.some((name) => ends.has(name)));
  const states = [first, ...turns.map(({ after }) => after)];
  return { places, turns, first, states, beginnings };
}

interface Course {
  readonly places: Places;
  readonly turns: readonly Turn[];
  readonly first: State;
  /** Before the first turn, and after each. */
  readonly states: readonly State[];
  readonly beginnings: readonly (readonly Case[])[];
}

function patienceOf({ traffic }: Pick<Scenario, 'traffic'>): (flow: ForetoldFlow) => Patience {
  const known = new Map(traffic.map((spec) => [spec.name, spec]));
  return ({ traffic: name }) => {
    const spec = known.get(name);
    if (spec?.type !== 'held-tcp') throw new Error(`${name} holds no connections`);
    return spec;
  };
}

const longestOf = (all: readonly Patience[]): Patience => ({
  heartbeatMs: Math.max(0, ...all.map(({ heartbeatMs }) => heartbeatMs)),
  timeoutMs: Math.max(0, ...all.map(({ timeoutMs }) => timeoutMs)),
});

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
      moved: countBounds(own.map(({ moved }) => moved)),
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
function onlyL7(cases: readonly Case[]): string | undefined {
  const names = new Set(cases.map(({ l7 }) => l7));
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
    const inOrder = [...counts].sort(([a], [b]) => naturally(a, b));
    return { traffic, byL7: Object.fromEntries(inOrder), maxOverMean: Math.max(...numbers) / mean };
  });
}
