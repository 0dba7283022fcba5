import { perFamily } from '../base/families.ts';
import { groupBy } from '../base/group-by.ts';
import { type Family, familyOf, formatAddress, parseAddress } from '../base/ip.ts';
import { type Member, planAddresses, sharedNetwork, wordOf } from './plan-addresses.ts';
import { planAsns, planHashFields, planNeighbours } from './plan-bgp.ts';
import { expand, type PlanGroup } from './plan-group.ts';
import { planRoutes } from './plan-routes.ts';
import { planTiers } from './plan-tiers.ts';
import type { KindTable, Plan, PlannedNode, Service, Topology } from './types.ts';

/**
 * Works out everything a lab is before anything exists. Pure: the same topology gives the same plan, and nodes
 * appended to a file change neither the addresses nor the MACs of those before them.
 * Expects a topology that `loadTopology` accepted.
 * @param former the plan of a lab that is up: what it has handed out (addresses, AS numbers, hash masks) stays as it is
 */
export function planTopology(topology: Topology, kinds: KindTable, former?: Plan): Plan {
  const groups = topology.nodes.map((group) => expand(group, kinds));
  const networks = planAddresses(topology, groups, former);
  const asns = planAsns(groups, former);
  const neighboursOf = planNeighbours(groups, networks, asns);
  const routesOf = planRoutes(groups, networks);
  const tiers = planTiers(groups);
  const hashFieldsOf = planHashFields(groups, former);
  const settled = new Set(former?.nodes.filter(({ joined }) => joined !== true).map(({ name }) => name));
  const services = servicesByGroup(topology.services, groups);
  const byName = new Map(groups.map((group) => [group.name, group]));
  const sendersTo = groupBy(groups, ({ to }) => (to === undefined ? [] : [to]));

  /** Addresses of a group's nodes on the network that it shares with another, family by family. */
  const reach = (group: PlanGroup, other: PlanGroup): { node: string; kind: string; address: string }[] => {
    const network = sharedNetwork(group, other);
    const members = network === undefined ? [] : (networks.get(network)?.byGroup.get(group.name) ?? []);
    return (members[0]?.addresses ?? []).flatMap((_, i) =>
      members.map(({ node, addresses }) => ({ node, kind: group.kind, address: addresses[i] ?? '' })),
    );
  };

  const nodes = groups.flatMap((group): PlannedNode[] => {
    const target = group.to === undefined ? undefined : byName.get(group.to);
    const families = familiesOf(services.get(group.name) ?? []);
    const reached = target === undefined ? [] : reach(target, group);
    // Who ends connections begins new ones, in whichever family comes first.
    const usable = group.traits.keepsFamily === true ? families : [familyOf(reached[0]?.address ?? '')];
    const targets = reached
      .filter(({ address }) => usable.includes(familyOf(address)))
      .map(({ node, address }) => ({ node, address }));
    const senders = (sendersTo.get(group.name) ?? []).flatMap((sender) => reach(sender, group));
    const tier = tiers.get(group.name);
    const asn = asns.get(group.name);
    return group.nodeNames.map((name, i) => {
      const memberships = group.networks.flatMap((network): Member[] => {
        const member = networks.get(network)?.byGroup.get(group.name)?.[i];
        return member === undefined ? [] : [member];
      });
      const routerId = routerIdOf(memberships);
      const sources = perFamily(group.shares[i] ?? []);
      return {
        name,
        group: group.name,
        index: i + 1,
        kind: group.kind,
        ...(tier === undefined ? {} : { tier }),
        interfaces: memberships.map((member) => member.interface),
        ...(sources === undefined ? {} : { sources }),
        ...(asn === undefined || routerId === undefined ? {} : { asn, routerId }),
        ...neighboursOf(group, i),
        routes: routesOf(group),
        hashFields: hashFieldsOf(name),
        ...(former === undefined || settled.has(name) ? {} : { joined: true }),
        services: services.get(group.name) ?? [],
        announces: group.role === 'speaker' && group.serves.length > 0 && senders.length === 0,
        targets,
        senders,
        options: group.options,
      };
    });
  });

  return {
    name: topology.name,
    services: topology.services,
    networks: [...networks.values()].map(({ name, subnet, mtu, members }) => ({
      name,
      subnet,
      mtu,
      members: members.map((member) => ({
        node: member.node,
        interface: member.interface.name,
        mac: member.interface.mac,
      })),
    })),
    nodes,
  };
}

/** 32 bits (RFC 6286), by custom written like an IPv4 address: the node's first one, else a digest of its first address. */
function routerIdOf(memberships: readonly Member[]): string | undefined {
  const addresses = memberships.flatMap((member) => member.addresses);
  const own = addresses.find((address) => familyOf(address) === 'ipv4') ?? addresses[0];
  const parsed = own === undefined ? undefined : parseAddress(own);
  return parsed === undefined ? undefined : formatAddress({ family: 'ipv4', value: BigInt(wordOf(parsed)) });
}

const familiesOf = (services: readonly Service[]): Family[] => services.map(({ vip }) => familyOf(vip));

/** What a group serves itself; for backends, what is passed on to them. In the order of the file. */
function servicesByGroup(
  services: readonly Service[],
  groups: readonly PlanGroup[],
): ReadonlyMap<string, readonly Service[]> {
  const names = new Map(groups.map(({ name, serves }) => [name, new Set(serves)]));
  const byName = new Map(groups.map((group) => [group.name, group]));
  for (const { serves, to } of groups) {
    const target = byName.get(to ?? '');
    if (target === undefined || target.serves.length > 0) continue;
    for (const service of serves) names.get(target.name)?.add(service);
  }
  return new Map(
    [...names].map(([group, served]) => [group, services.filter(({ name }) => served.has(name))]),
  );
}
