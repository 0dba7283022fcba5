import { matching } from '../base/families.ts';
import { groupBy } from '../base/group-by.ts';
import type { AddressedNetwork } from './plan-addresses.ts';
import type { PlanGroup } from './plan-group.ts';
import { relationOf } from './sessions.ts';
import type { BgpPeer, Neighbour, Plan, PlannedNode } from './types.ts';

/**
 * Masks of net.ipv4.fib_multipath_hash_fields (Documentation/networking/ip-sysctl.rst: 0x1 source address, 0x2
 * destination address, 0x4 protocol, 0x10 source port, 0x20 destination port). All contain the source port, without
 * which the connections of one client would go one way; those with the source address come first. Each router has a
 * mask of its own, because routers that hash alike hide what real networks do: routers that disagree, and polarization.
 */
const hashMasks = [
  0x37, 0x35, 0x33, 0x31, 0x17, 0x15, 0x13, 0x11, 0x36, 0x34, 0x32, 0x30, 0x16, 0x14, 0x12, 0x10,
];

/** The mask of the nth router of a lab (from 0); more routers than masks wrap around. */
const hashMask = (n: number): number => hashMasks[n % hashMasks.length] ?? 0x37;

/** The mask of every node: its own for a router, in the order of the file but for those of the former plan, which keep theirs. */
export function planHashFields(groups: readonly PlanGroup[], former?: Plan): (node: string) => number {
  const known = new Map(former?.nodes.map(({ name, hashFields }) => [name, hashFields]));
  const routers = groups.filter(({ role }) => role === 'router').flatMap(({ nodeNames }) => nodeNames);
  const masks = new Map(routers.flatMap((name) => (known.has(name) ? [[name, known.get(name) ?? 0]] : [])));
  const taken = new Set(masks.values());
  let next = masks.size;
  const free = hashMasks.filter((mask) => !taken.has(mask))[Symbol.iterator]();
  for (const name of routers) if (!masks.has(name)) masks.set(name, free.next().value ?? hashMask(next++));
  return (node) => masks.get(node) ?? hashMask(0);
}

/** First of the private AS numbers of 32 bits (RFC 6996: 4200000000 to 4294967294). */
const firstPrivateAsn = 4_200_000_000;

/**
 * The AS of each group that speaks BGP: the one written, else that of its reflector, else that of the former plan, else a
 * private one by its place in the file.
 */
export function planAsns(groups: readonly PlanGroup[], former?: Plan): ReadonlyMap<string, number> {
  const known = new Map(former?.nodes.map(({ group, asn }) => [group, asn]));
  const written = new Set([...groups.map(({ asn }) => asn), ...known.values()]);
  const asns = new Map<string, number>();
  const reflectorsOf = groupBy(groups, ({ reflects = [] }) => reflects);
  let next = firstPrivateAsn;
  for (const { name, asn, role } of groups) {
    next++;
    if (role === 'none') continue;
    while (written.has(next)) next++;
    const [reflector] = reflectorsOf.get(name) ?? [];
    asns.set(name, asn ?? reflector?.asn ?? known.get(name) ?? next);
  }
  return asns;
}

/** Those whom a node meets in BGP. */
type Neighbours = Pick<PlannedNode, 'peers' | 'reflected'>;

/** @returns the sessions of a group's nth node (from 0), one for each family of a network, and whom it hears of through reflectors */
export function planNeighbours(
  groups: readonly PlanGroup[],
  networks: ReadonlyMap<string, AddressedNetwork>,
  asns: ReadonlyMap<string, number>,
): (group: PlanGroup, n: number) => Neighbours {
  const reflectors = groups.filter(({ role }) => role === 'reflector');
  /** For each group and network the far ends there, but for its own address: alike for all its nodes. */
  const farEnds = new Map<string, FarEnds>();
  for (const group of groups.filter(({ role }) => role !== 'none')) {
    for (const network of group.networks) {
      const ends: FarEnds = { peers: [], reflected: [] };
      const there = networks.get(network);
      for (const other of there?.speaking ?? []) {
        const relation = relationOf(group, other, network, reflectors);
        const asn = asns.get(other.name);
        if (relation === 'none' || asn === undefined) continue;
        for (const { node, addresses } of there?.byGroup.get(other.name) ?? []) {
          for (const address of addresses) {
            const end = { node, kind: other.kind, group: other.name, interface: network, address };
            if (relation === 'reflected') ends.reflected.push(end);
            else ends.peers.push({ ...end, asn, ...(relation === 'external' ? {} : { role: relation }) });
          }
        }
      }
      farEnds.set(`${group.name} ${network}`, ends);
    }
  }
  return (group, n) => {
    const met = group.networks.flatMap((network) => {
      const own = networks.get(network)?.byGroup.get(group.name)?.[n]?.addresses ?? [];
      const ends = farEnds.get(`${group.name} ${network}`);
      if (ends === undefined) return [];
      return own.map((localAddress) => ({
        localAddress,
        peers: matching(ends.peers, localAddress),
        reflected: matching(ends.reflected, localAddress),
      }));
    });
    const peers = met.flatMap(({ localAddress, peers: ends }) =>
      ends.map((end) => ({ ...end, localAddress })),
    );
    const reflected = met.flatMap(({ localAddress, reflected: ends }) =>
      ends.filter(({ node }) => node !== group.nodeNames[n]).map((end) => ({ ...end, localAddress })),
    );
    return { peers, ...(reflected.length === 0 ? {} : { reflected }) };
  };
}

interface FarEnds {
  readonly peers: Omit<BgpPeer, 'localAddress'>[];
  readonly reflected: Omit<Neighbour, 'localAddress'>[];
}
