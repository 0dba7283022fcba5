/** Where flows are, and where they go when nodes come and go. */
import { endpoint, familyOf } from '../base/ip.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { type Outcome, outcomes, type Way } from './ecmp.ts';
import { type Fabric, fabricOf } from './fabric.ts';
import { type Order, reordered } from './order.ts';
import { type Choose, chooserOf, serviceFor } from './scheduler.ts';
import type { ForetoldFlow, KnownWay, KnownWays } from './types.ts';

/** One thing that may be the case with a flow. The probabilities of its cases add up to 1. */
export interface Case {
  readonly probability: number;
  /** The way in each state. */
  readonly ways: readonly Way[];
  /** Where it is when all is well; null: no server takes it. */
  readonly l7: string | null;
  readonly backend: string | null;
}

export interface Places {
  /**
   * What may be the case with a flow.
   * @param states of the routers and L4 nodes: in each the nodes that are gone; the first is the one in which all is well
   */
  cases(flow: ForetoldFlow, states: readonly ReadonlySet<string>[]): readonly Case[];
  /**
   * The L7 that an L4 node chooses, itself if it is one; null: that does not follow from the flow; undefined: none.
   * @param down L7 nodes of weight 0
   * @param order of its servers; default: as planned
   */
  choice(
    l4: string,
    flow: ForetoldFlow,
    down?: ReadonlySet<string>,
    order?: Order,
  ): string | undefined | null;
  /** Do all L4 nodes choose by the same table? */
  readonly alike: boolean;
  node(name: string): PlannedNode | undefined;
  readonly balancers: readonly PlannedNode[];
  /** Has a router next hops that BGP does not change? */
  readonly fixed: boolean;
}

export function placesOf(plan: Plan, ways: KnownWays): Places {
  const nodes = new Map(plan.nodes.map((node) => [node.name, node]));
  const fabrics = new Map<string, Fabric>();
  const choosers = choosersOf(plan);
  const seen = new Map<string, readonly Outcome[]>();
  const others = new Map<string, Choose | undefined>();
  const chooserWith = (name: string, flow: ForetoldFlow, order: Order): Choose | undefined => {
    const node = nodes.get(name);
    const found = serviceFor(plan, flow.service, flow.address);
    if (node === undefined || found === undefined) return undefined;
    return remembered(others, JSON.stringify([name, found.name, found.vip, order]), () =>
      chooserOf(reordered(node, order), found),
    );
  };
  const choice: Places['choice'] = (l4, flow, down, order) => {
    const { address, port, service } = flow;
    if (nodes.get(l4)?.kind !== 'ipvs') return down?.has(l4) === true ? undefined : l4;
    const choose =
      order === undefined
        ? choosers.get(`${l4} ${service} ${familyOf(address)}`)
        : chooserWith(l4, flow, order);
    return choose === undefined ? null : choose(address, port, down);
  };
  const waysOf = (
    { service, client, address }: ForetoldFlow,
    known: KnownWay,
    states: States,
  ): readonly Outcome[] => {
    const { hops } = known;
    // Where the routers lead to L7 nodes, that is where a flow was seen.
    const l4 = known.l4 ?? (nodes.get(known.l7 ?? '')?.announces === true ? known.l7 : undefined);
    return remembered(
      seen,
      JSON.stringify([client, service, familyOf(address), l4, hops, states.map((gone) => [...gone])]),
      () => {
        const vip = serviceFor(plan, service, address)?.vip ?? '';
        const fabric = remembered(fabrics, `${client} ${vip}`, () => fabricOf(plan, vip, client));
        const knowledge = { ...(l4 === undefined ? {} : { l4 }), ...(hops === undefined ? {} : { hops }) };
        return outcomes(fabric, states, knowledge);
      },
    );
  };
  const targetsOf = (name: string | null): string[] => [
    ...new Set((nodes.get(name ?? '')?.targets ?? []).map(({ node }) => node)),
  ];
  const l7sOf = (flow: ForetoldFlow, known: KnownWay, l4: string): readonly (string | null)[] => {
    if (known.l7 !== undefined) return [known.l7];
    const chosen = choice(l4, flow);
    return orNull(chosen === null ? targetsOf(l4) : chosen === undefined ? [] : [chosen]);
  };
  return {
    cases: (flow, states) => {
      const known = ways.get(endpoint(flow.address, flow.port)) ?? {};
      return waysOf(flow, known, states).flatMap((outcome) =>
        split(outcome, l7sOf(flow, known, outcome.ways[0]?.at(-1) ?? ''), 'l7').flatMap((found) =>
          split(
            found,
            known.backend === undefined ? orNull(targetsOf(found.l7)) : [known.backend],
            'backend',
          ),
        ),
      );
    },
    choice,
    alike: areAlike(choosers),
    node: (name) => nodes.get(name),
    balancers: plan.nodes.filter(({ kind }) => kind === 'ipvs'),
    fixed: plan.nodes.some(({ kind, options }) => kind === 'bird' && (options.next_hops ?? 'bgp') !== 'bgp'),
  };
}

type States = readonly ReadonlySet<string>[];

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

const orNull = (names: readonly string[]): readonly (string | null)[] =>
  names.length === 0 ? [null] : names;

/** By L4 node, service and family. Nodes that have the same servers in the same order share one table. */
function choosersOf(plan: Plan): ReadonlyMap<string, Choose | undefined> {
  const tables = new Map<string, Choose | undefined>();
  return new Map(
    plan.nodes
      .filter(({ kind }) => kind === 'ipvs')
      .flatMap((node) =>
        node.services.map((service): [string, Choose | undefined] => [
          `${node.name} ${service.name} ${familyOf(service.vip)}`,
          remembered(tables, JSON.stringify([node.options.scheduler, service, node.targets]), () =>
            chooserOf(node, service),
          ),
        ]),
      ),
  );
}

function areAlike(choosers: ReadonlyMap<string, Choose | undefined>): boolean {
  const byService = new Map<string | undefined, Choose | undefined>();
  return [...choosers].every(([key, choose]) => {
    const service = key.slice(key.indexOf(' '));
    const first = byService.get(service) ?? choose;
    byService.set(service, first);
    return choose !== undefined && choose === first;
  });
}

function remembered<T>(memory: Map<string, T>, key: string, make: () => T): T {
  const before = memory.get(key);
  if (before !== undefined) return before;
  const made = make();
  memory.set(key, made);
  return made;
}
