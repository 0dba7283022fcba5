import { addressesOf } from '../base/families.ts';
import { compareAddresses, type Family, familyOf } from '../base/ip.ts';
import type { Neighbour, Plan, PlannedNode } from '../topology/types.ts';

/** Where packets to a VIP may go. */
export interface Fabric {
  /** The client node. */
  readonly start: string;
  /** By node: its next hops when all is well, in the kernel's order. A node that stands there twice has two cables. */
  readonly hops: ReadonlyMap<string, readonly string[]>;
  /** Routers whose next hops are a fixed group (`static`, `resilient`): it does not change when one of them dies. */
  readonly fixed: ReadonlyMap<string, GroupKind>;
  /** By node, by next hop: the reflectors of which one must be there for the node to know that hop. Absent: they have a session of their own. */
  readonly tellers: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Who announces the VIP: the L4 nodes, or the L7 nodes where there are none before them. */
  readonly ends: ReadonlySet<string>;
}

/**
 * The ways from a client to the nodes that announce a VIP (L4, or L7 without any) that BGP gives: over the fewest AS hops, all that are equally short.
 * BIRD installs next hops in the order of their addresses, and so do fixed groups have them. A client without a router reaches the L4 nodes at once.
 */
export function fabricOf(plan: Plan, vip: string, client: string): Fabric {
  const ends = new Set(
    plan.nodes
      .filter(({ announces, services }) => announces && services.some((service) => service.vip === vip))
      .map(({ name }) => name),
  );
  const family = familyOf(vip);
  const distance = distances(plan, ends, family);
  const hops = new Map<string, string[]>();
  for (const node of plan.nodes) {
    const { name, kind } = node;
    const own = distance.get(name);
    if (kind !== 'bird' || own === undefined) continue;
    const nearer = neighboursOf(node, family).filter((peer) => distance.get(peer.node) === own - 1);
    const inOrder = nearer.toSorted((a, b) => compareAddresses(a.address, b.address));
    hops.set(
      name,
      inOrder.map(({ node }) => node),
    );
  }
  const gateways = gatewaysOf(plan, client, family).filter((name) => hops.has(name));
  hops.set(client, gateways.length > 0 ? gateways : [...ends]);
  const fixed = plan.nodes
    .filter((node) => groupOf(node) !== 'bgp')
    .map((node) => [node.name, groupOf(node)] as const);
  return { start: client, hops, fixed: new Map(fixed), tellers: tellersIn(plan), ends };
}

const tellersIn = ({ nodes }: Plan): Fabric['tellers'] =>
  new Map(
    nodes.flatMap(({ name, peers, reflected = [] }) => {
      if (reflected.length === 0) return [];
      const others = new Set(reflected.map(({ node }) => node));
      const told = nodes.filter((node) => others.has(node.name));
      return [[name, new Map(told.map((node) => [node.name, commonOf(reflectorsOf({ peers }), node)]))]];
    }),
  );

const commonOf = (reflectors: readonly string[], node: PlannedNode): readonly string[] =>
  reflectorsOf(node).filter((name) => reflectors.includes(name));

const reflectorsOf = ({ peers }: Pick<PlannedNode, 'peers'>): readonly string[] => [
  ...new Set(peers.filter(({ role }) => role === 'reflector').map(({ node }) => node)),
];

/** Where a router has its next hops from: `bgp`, or a group of that kind. */
export const groupOf = ({ kind, options }: PlannedNode): GroupKind =>
  kind === 'bird' ? ((options.next_hops as GroupKind | undefined) ?? 'bgp') : 'bgp';

export type GroupKind = 'bgp' | 'static' | 'resilient';

/** AS hops from those, over BGP sessions: only routers pass on what they learned. */
function distances(plan: Plan, ends: ReadonlySet<string>, family: Family): ReadonlyMap<string, number> {
  const found = new Map<string, number>([...ends].map((name) => [name, 0]));
  let edge = new Set(ends);
  for (let hops = 1; edge.size > 0; hops++) {
    const next = plan.nodes.filter(
      (node) =>
        node.kind === 'bird' &&
        !found.has(node.name) &&
        neighboursOf(node, family).some((other) => edge.has(other.node)),
    );
    for (const { name } of next) found.set(name, hops);
    edge = new Set(next.map(({ name }) => name));
  }
  return found;
}

/** Who may be its next hop: its peers, and in the place of reflectors those of whom they tell it. */
const neighboursOf = ({ peers, reflected = [] }: PlannedNode, family: Family): readonly Neighbour[] =>
  [...peers.filter(({ role }) => role === undefined), ...reflected].filter(
    ({ address }) => familyOf(address) === family,
  );

function gatewaysOf(plan: Plan, client: string, family: Family): string[] {
  const node: PlannedNode | undefined = plan.nodes.find(({ name }) => name === client);
  const vias = (node?.routes ?? [])
    .filter(({ to, via }) => to === 'default' && familyOf(via) === family)
    .map(({ via }) => via);
  return plan.nodes
    .filter(({ interfaces }) =>
      interfaces.some((each) => addressesOf(each).some(({ address }) => vias.includes(address))),
    )
    .map(({ name }) => name);
}
