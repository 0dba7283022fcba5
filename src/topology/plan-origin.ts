import { eachOf, type PerFamily, perFamily } from '../base/families.ts';
import { formatSubnet, parseSubnet } from '../base/ip.ts';
import type { KindTable, NodeGroup, Plan, PlannedNode, Topology } from './types.ts';

/**
 * The topology that a plan was made from: what was left to the plan (an AS number, an MTU) stands there as if it had been
 * written. `planTopology(topologyOfPlan(plan, kinds), kinds, plan)` is the plan again.
 */
export function topologyOfPlan(plan: Plan, kinds: KindTable): Topology {
  const { name, services, networks, nodes } = plan;
  const groups = new Map<string, PlannedNode[]>();
  for (const node of nodes) groups.set(node.group, [...(groups.get(node.group) ?? []), node]);
  const groupOf = new Map(nodes.map((node) => [node.name, node.group]));
  return {
    name,
    file: '',
    services,
    networks: networks.map(({ name: network, subnet, mtu }) => ({ name: network, subnet, mtu })),
    nodes: [...groups].map(([group, members]) => groupFrom(group, members, kinds, groupOf)),
  };
}

function groupFrom(
  name: string,
  members: readonly PlannedNode[],
  kinds: KindTable,
  groupOf: ReadonlyMap<string, string>,
): NodeGroup {
  const [first] = members;
  if (first === undefined) throw new Error(`group ${name} has no nodes`);
  const { kind, interfaces, services, asn, options } = first;
  const to = groupOf.get(first.targets[0]?.node ?? '');
  const clients = first.peers.filter(({ role }) => role === 'client').map(({ group }) => group);
  const sources = wholeOf(first.sources, members.length);
  return {
    name,
    kind,
    count: members.length,
    numbered: first.name !== name,
    networks: interfaces.map(({ network }) => network),
    serves:
      kinds[kind]?.keys.serves === undefined ? [] : [...new Set(services.map((service) => service.name))],
    ...(to === undefined ? {} : { to }),
    ...(asn === undefined ? {} : { asn }),
    ...(clients.length === 0 ? {} : { reflects: [...new Set(clients)] }),
    ...(sources === undefined ? {} : { sources }),
    options,
  };
}

/** The prefix whose first part, shared out among so many nodes, this is. */
function wholeOf(parts: PerFamily | undefined, count: number): PerFamily | undefined {
  const bits = Math.ceil(Math.log2(count));
  return perFamily(
    eachOf(parts).flatMap((part) => {
      const subnet = parseSubnet(part);
      return subnet === undefined ? [] : [formatSubnet({ ...subnet, length: subnet.length - bits })];
    }),
  );
}
