/** Which ways there should be: what routers and speakers ought to have learned when the whole chain is well. Pure. */
import { eachOf } from '../../base/families.ts';
import { familyOf, hostPrefix } from '../../base/ip.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import { isReflector, neighboursOf } from './neighbours.ts';
import { routerOptions } from './options.ts';

/** A prefix and the nodes that say first that it is theirs. */
interface Way {
  readonly prefix: string;
  readonly origins: readonly string[];
  readonly vip: boolean;
}

export interface ExpectedWay {
  readonly prefix: string;
  /** Neighbours (node names and addresses) over which the prefix can be reached on the fewest AS hops. */
  readonly nextHops: readonly { readonly node: string; readonly address: string }[];
}

/** Networks of a router on which clients live: their hosts have no BGP of their own. */
export function clientInterfaces(node: PlannedNode, plan: Plan): string[] {
  const clients = new Set(plan.nodes.filter(({ kind }) => kind === 'client').map(({ name }) => name));
  return node.interfaces
    .filter(({ network }) =>
      plan.networks.some(
        ({ name, members }) => name === network && members.some((member) => clients.has(member.node)),
      ),
    )
    .map(({ name }) => name);
}

/**
 * The ways that `node` should use because BGP brought them: to VIPs and clients if it is a router, to clients if it is a
 * speaker. A router whose next hops are static hears of VIPs and passes that on, but does not use it.
 */
export function expectedWays(node: PlannedNode, plan: Plan): ExpectedWay[] {
  const learnsVips = node.kind === 'bird' && !hasStaticNextHops(node);
  return waysFor(node, plan, ({ vip }) => learnsVips || !vip);
}

/** The ways to VIPs that BGP would give `node` when the whole chain is well. */
export function vipWays(node: PlannedNode, plan: Plan): ExpectedWay[] {
  return waysFor(node, plan, ({ vip }) => vip);
}

/** Where a static route leads. */
export const prefixOf = ({ to, via }: PlannedNode['routes'][number]): string =>
  to !== 'default' ? to : familyOf(via) === 'ipv4' ? '0.0.0.0/0' : '::/0';

/** Does the node send what is for VIPs to a fixed group of next hops? */
export const hasStaticNextHops = ({ kind, options }: PlannedNode): boolean =>
  kind === 'bird' && routerOptions.parse(options).next_hops !== 'bgp';

function waysFor(node: PlannedNode, plan: Plan, wanted: (way: Way) => boolean): ExpectedWay[] {
  return waysOf(plan)
    .filter((way) => !way.origins.includes(node.name) && wanted(way))
    .flatMap((way) => {
      const hops = distances(way, plan);
      const own = hops.get(node.name);
      if (own === undefined) return [];
      const nextHops = neighboursOf(node)
        .filter((other) => familyOf(other.address) === familyOf(way.prefix))
        .filter((other) => passesOn(other.node, way, plan) && hops.get(other.node) === own - 1)
        .map((other) => ({ node: other.node, address: other.address }));
      return [{ prefix: way.prefix, nextHops }];
    });
}

function waysOf(plan: Plan): Way[] {
  const origins = new Map<string, { names: string[]; vip: boolean }>();
  const add = (prefix: string, name: string, vip: boolean): void => {
    const known = origins.get(prefix) ?? { names: [], vip };
    if (!known.names.includes(name)) known.names.push(name);
    origins.set(prefix, known);
  };
  for (const node of plan.nodes) {
    if (node.announces) for (const { vip } of node.services) add(hostPrefix(vip), node.name, true);
    if (node.kind !== 'bird' || isReflector(node)) continue;
    for (const route of node.routes) add(prefixOf(route), node.name, false);
    const shared = clientInterfaces(node, plan);
    for (const { name, network } of node.interfaces) {
      const found = plan.networks.find((each) => each.name === network);
      if (!shared.includes(name)) continue;
      for (const subnet of eachOf(found?.subnet)) add(subnet, node.name, false);
    }
  }
  return [...origins].map(([prefix, { names, vip }]) => ({ prefix, origins: names, vip }));
}

/** Breadth first from the origins, over BGP sessions and what is reflected; only routers pass on. */
function distances(way: Way, plan: Plan): ReadonlyMap<string, number> {
  const found = new Map(way.origins.map((name) => [name, 0]));
  for (let edge = way.origins, hops = 1; edge.length > 0; hops++) {
    const next = plan.nodes.filter(
      (node) =>
        !found.has(node.name) &&
        neighboursOf(node).some(
          (other) => familyOf(other.address) === familyOf(way.prefix) && edge.includes(other.node),
        ),
    );
    for (const { name } of next) found.set(name, hops);
    edge = next.filter(({ kind }) => kind === 'bird').map(({ name }) => name);
  }
  return found;
}

const passesOn = (name: string, way: Way, plan: Plan): boolean =>
  way.origins.includes(name) || plan.nodes.some((node) => node.name === name && node.kind === 'bird');
