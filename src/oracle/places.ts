/** Where flows are, and where they go when nodes come and go. */
import { endpoint } from '../base/ip.ts';
import type { Plan, PlannedNode, Service } from '../topology/types.ts';
import { type HopsOf, hopsIn, type Outcome, outcomes, type Stage, type Way } from './ecmp.ts';
import { type Fabric, fabricOf, groupOf } from './fabric.ts';
import { type Order, reordered } from './order.ts';
import { type Choose, chooserOf, schedulerOf, serviceFor } from './scheduler.ts';
import { nodeIn, type State } from './state.ts';
import type { ForetoldFlow, KnownWay, KnownWays } from './types.ts';

/** One thing that may be the case with a flow. The probabilities of its cases add up to 1. */
export interface Case {
  readonly probability: number;
  /** The way in each state. */
  readonly ways: readonly Way[];
  /** Where it is when all is well; null: no server takes it. */
  readonly l7: string | null;
  /** null: none, or one of those to which nothing happens. */
  readonly backend: string | null;
}

export interface Places {
  /**
   * What may be the case with a flow.
   * @param states one after another; the first is the one in which all is well
   * @param matters whether it matters that a backend is this one; those that do not matter are one case, or there would be as many as
   * the product of three tiers
   */
  cases(flow: ForetoldFlow, states: readonly State[], matters: (backend: string) => boolean): readonly Case[];
  /** Backends that a flow may end on whose connection ends on that L7. */
  backends(flow: ForetoldFlow, l7: string | null): readonly string[];
  /** The L7 that an L4 node chooses, itself if it is one; null: that does not follow from the flow; undefined: none. */
  choice(state: State, l4: string, flow: ForetoldFlow): string | undefined | null;
  /** L4 nodes that a flow may come by while one state becomes the other. */
  between(flow: ForetoldFlow, states: readonly [State, State], way: Way): readonly string[];
  /** Do all L4 nodes choose by one table, and the one by which flows were placed in the beginning? */
  isAlike(state: State): boolean;
  /** The routers' next hops in one state, for a flow like that one. */
  hops(state: State, flow: ForetoldFlow): HopsOf;
}

/** @param first when all is well */
export function placesOf(first: State, ways: KnownWays): Places {
  const { plan } = first;
  const choose = choosing();
  const fabrics = new Map<Plan, Map<string, Fabric>>();
  const seen = new Map<readonly State[], Map<string, readonly Outcome[]>>();
  const hops = new Map<State, Map<string, HopsOf>>();
  const restless = new Map<State, Map<string, Restless>>();
  const backends = new Map<string | null, readonly string[]>();

  const vipOf = ({ service, address }: ForetoldFlow): string => serviceFor(plan, service, address)?.vip ?? '';
  const stageOf = ({ plan: now, gone, removed }: State, flow: ForetoldFlow): Stage => {
    const vip = vipOf(flow);
    const known = remembered(fabrics, now, () => new Map<string, Fabric>());
    const fabric = remembered(known, `${flow.client} ${vip}`, () => fabricOf(now, vip, flow.client));
    return { fabric, gone, removed };
  };
  const hopsOf = (state: State, flow: ForetoldFlow): HopsOf =>
    remembered(
      remembered(hops, state, () => new Map<string, HopsOf>()),
      `${flow.client} ${vipOf(flow)}`,
      () => hopsIn(stageOf(state, flow)),
    );
  const choice: Places['choice'] = (state, l4, { address, port, service }) => {
    const node = nodeIn(state.plan, l4);
    if (node?.kind !== 'ipvs') return state.gone.has(l4) ? undefined : l4;
    const chosen = choose(node, serviceFor(plan, service, address), state.orders.get(l4));
    return chosen === undefined
      ? null
      : chosen(address, port, state.gone.size === 0 ? undefined : state.gone);
  };
  const waysOf = (flow: ForetoldFlow, known: KnownWay, states: readonly State[]): readonly Outcome[] => {
    const { hops: said, parts } = known;
    // Where the routers lead to L7 nodes, that is where a flow was seen.
    const l4 = known.l4 ?? (nodeIn(plan, known.l7)?.announces === true ? known.l7 : undefined);
    return remembered(
      remembered(seen, states, () => new Map<string, readonly Outcome[]>()),
      JSON.stringify([flow.client, vipOf(flow), l4, said, parts]),
      () => {
        const knowledge = {
          ...(l4 === undefined ? {} : { l4 }),
          ...(said === undefined ? {} : { hops: said }),
          ...(parts === undefined ? {} : { parts }),
        };
        return outcomes(
          states.map((state) => stageOf(state, flow)),
          knowledge,
        );
      },
    );
  };
  const targetsOf = (name: string | null): string[] => [
    ...new Set((nodeIn(plan, name)?.targets ?? []).map(({ node }) => node)),
  ];
  const l7sOf = (flow: ForetoldFlow, known: KnownWay, l4: string): readonly (string | null)[] => {
    if (known.l7 !== undefined) return [known.l7];
    const chosen = choice(first, l4, flow);
    return orNull(chosen === null ? targetsOf(l4) : chosen === undefined ? [] : [chosen]);
  };
  const backendsOf: Places['backends'] = ({ address, port }, l7) => {
    const { backend } = ways.get(endpoint(address, port)) ?? {};
    return backend === undefined ? remembered(backends, l7, () => targetsOf(l7)) : [backend];
  };
  return {
    cases: (flow, states, matters) => {
      const known = ways.get(endpoint(flow.address, flow.port)) ?? {};
      return waysOf(flow, known, states).flatMap((outcome) =>
        split(outcome, l7sOf(flow, known, outcome.ways[0]?.at(-1) ?? ''), 'l7').flatMap((found) =>
          withBackends(found, backendsOf(flow, found.l7), matters),
        ),
      );
    },
    backends: backendsOf,
    choice,
    hops: hopsOf,
    between: (flow, [before, after], way) => {
      if (way === null || (before.plan === after.plan && before.gone === after.gone)) return [];
      const all = remembered(
        remembered(restless, after, () => new Map<string, Restless>()),
        `${flow.client} ${vipOf(flow)}`,
        () => restlessOf([hopsOf(before, flow), hopsOf(after, flow)], [before, after]),
      );
      return way.flatMap((node) => all.get(node) ?? []).filter((name) => name !== way.at(-1));
    },
    isAlike: ({ plan: now, gone, orders }) =>
      now.services.every((service) => {
        const serves = ({ services }: PlannedNode): boolean =>
          services.some(({ vip }) => vip === service.vip);
        const before = balancersOf(plan).map((l4) => (serves(l4) ? choose(l4, service, undefined) : null));
        const alive = balancersOf(now).filter(({ name }) => !gone.has(name));
        const after = alive.map((l4) => (serves(l4) ? choose(l4, service, orders.get(l4.name)) : null));
        const all = [...before, ...after].filter((one) => one !== null);
        return all.every((one) => one !== undefined && one === all[0]);
      }),
  };
}

export const balancersOf = ({ nodes }: Plan): readonly PlannedNode[] =>
  nodes.filter(({ kind }) => kind === 'ipvs');

/** By router: the L4 nodes that flows there may come by before all is settled. */
type Restless = ReadonlyMap<string, readonly string[]>;

/** A router that gets or loses more than one next hop hears of one after another: its flows may come by any of them. */
function restlessOf([before, after]: readonly [HopsOf, HopsOf], states: readonly [State, State]): Restless {
  const ends = (node: string): string[] => {
    const next = [...new Set([...before(node), ...after(node)])];
    return next.length === 0 ? [node] : next.flatMap(ends);
  };
  return new Map(
    states[1].plan.nodes.flatMap((node): [string, string[]][] => {
      const [old, now] = [before(node.name), after(node.name)];
      const changed = [
        ...old.filter((hop) => !now.includes(hop)),
        ...now.filter((hop) => !old.includes(hop)),
      ];
      const isRestless = changed.length > 1 && groupOf(node) === 'bgp' && !isKnownLast(node, states, after);
      return isRestless ? [[node.name, [...new Set([...old, ...now].flatMap(ends))]]] : [];
    }),
  );
}

/**
 * One that joins or boots, or was drained, is led to when it knows all its ways. Where that is for a fixed group of next hops to say, it is
 * led to all the while.
 */
const isKnownLast = (
  { name }: PlannedNode,
  [first, { plan }]: readonly [State, State],
  after: HopsOf,
): boolean =>
  (nodeIn(first.plan, name) === undefined || (first.gone.has(name) && !first.cut.has(name))) &&
  !plan.nodes.some((router) => groupOf(router) !== 'bgp' && after(router.name).includes(name));

type ChooserOf = (
  node: PlannedNode,
  service: Service | undefined,
  order: Order | undefined,
) => Choose | undefined;

/** Tables are made once: L4 nodes that have the same servers in the same order share one. */
function choosing(): ChooserOf {
  const tables = new Map<string, Choose | undefined>();
  const known = new Map<PlannedNode, Map<Order | undefined, Map<Service, Choose | undefined>>>();
  const make = (node: PlannedNode, service: Service, order: Order | undefined): Choose | undefined => {
    const planned = order === undefined ? node : reordered(node, order);
    const key = JSON.stringify([schedulerOf(node, service), service, planned.targets]);
    return remembered(tables, key, () => chooserOf(planned, service));
  };
  return (node, service, order) => {
    if (service === undefined) return undefined;
    const ofNode = remembered(
      known,
      node,
      () => new Map<Order | undefined, Map<Service, Choose | undefined>>(),
    );
    const ofOrder = remembered(ofNode, order, () => new Map<Service, Choose | undefined>());
    return remembered(ofOrder, service, () => make(node, service, order));
  };
}

/** All names are equally probable. */
function split<T extends { readonly probability: number }, K extends string>(
  found: T,
  names: readonly (string | null)[],
  key: K,
): (T & Readonly<Record<K, string | null>>)[] {
  return names.map((name) => {
    const named = { [key]: name } as Readonly<Record<K, string | null>>;
    return { ...found, ...named, probability: found.probability / names.length };
  });
}

/** Each that matters, and the others together. */
function withBackends<T extends { readonly probability: number }>(
  found: T,
  names: readonly string[],
  matters: (backend: string) => boolean,
): (T & { readonly backend: string | null })[] {
  const named = names.filter(matters);
  const others = names.length === 0 ? 1 : (names.length - named.length) / names.length;
  return [
    ...named.map((backend) => ({ ...found, backend, probability: found.probability / names.length })),
    ...(others === 0 ? [] : [{ ...found, backend: null, probability: found.probability * others }]),
  ];
}

const orNull = (names: readonly string[]): readonly (string | null)[] =>
  names.length === 0 ? [null] : names;

function remembered<K, V>(memory: Map<K, V>, key: K, make: () => V): V {
  const before = memory.get(key);
  if (before !== undefined) return before;
  const made = make();
  memory.set(key, made);
  return made;
}
