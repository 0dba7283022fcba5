import { eachOf, type PerFamily } from '../base/families.ts';
import { groupBy } from '../base/group-by.ts';
import {
  type Address,
  type Family,
  familyOf,
  formatAddress,
  hostAddress,
  parseSubnet,
  type Subnet,
  usableHosts,
} from '../base/ip.ts';
import type { PlanGroup } from './plan-group.ts';
import type { Interface, Plan, PlannedNode, Topology } from './types.ts';

export interface Member {
  readonly node: string;
  readonly group: string;
  /** One of each family of the network, in the order of its subnets. */
  readonly addresses: readonly string[];
  readonly interface: Interface;
}

export interface AddressedNetwork {
  readonly name: string;
  readonly subnet: PerFamily;
  readonly mtu: number;
  /** In the order of the file. */
  readonly members: readonly Member[];
  readonly byGroup: ReadonlyMap<string, readonly Member[]>;
  /** The groups on it, in the order of the file. */
  readonly groups: readonly PlanGroup[];
  /** Those of them that are in BGP. */
  readonly speaking: readonly PlanGroup[];
}

/**
 * Hands out each network's addresses over its members in the order of the file. Nodes of the former plan keep theirs; the
 * others get what is left, and what a node of the former plan leaves behind only if there is nothing else. A node has the same
 * place in the subnets of both families.
 */
export function planAddresses(
  topology: Topology,
  groups: readonly PlanGroup[],
  former?: Plan,
): ReadonlyMap<string, AddressedNetwork> {
  const onNetwork = groupBy(groups, ({ networks }) => networks);
  const joining = groupBy(former?.nodes ?? [], ({ interfaces }) => interfaces.map(({ network }) => network));
  return new Map(
    topology.networks.map(({ name, subnet: text, mtu: written }) => {
      const subnets = eachOf(text).flatMap((each) => parseSubnet(each) ?? []);
      const here = onNetwork.get(name) ?? [];
      const mtu = written ?? 1500 + tunnelOverhead(name, subnets, here);
      const byGroup = new Map<string, Member[]>();
      const hostOf = handOut(
        name,
        subnets,
        here.flatMap(({ nodeNames }) => nodeNames),
        joining.get(name) ?? [],
      );
      for (const group of here) {
        const members = group.nodeNames.map((node): Member => {
          const host = hostOf(node);
          const values = subnets.map((subnet) => hostAddress(subnet, host));
          const addresses = values.map(formatAddress);
          const [first, other] = addresses.map((address, i) => ({
            address,
            prefixLength: subnets[i]?.length ?? 0,
          }));
          const [value] = values;
          if (first === undefined || value === undefined) throw new Error(`network ${name} has no subnet`);
          return {
            node,
            group: group.name,
            addresses,
            interface: {
              name,
              network: name,
              mac: macOf(value),
              ...first,
              ...(other === undefined ? {} : { other }),
              mtu,
            },
          };
        });
        byGroup.set(group.name, members);
      }
      return [
        name,
        {
          name,
          subnet: text,
          mtu,
          byGroup,
          groups: here,
          speaking: here.filter(({ role }) => role !== 'none'),
          members: [...byGroup.values()].flat(),
        },
      ];
    }),
  );
}

/** @returns for each node its place among the hosts of the subnet, from 0; to be asked once, in the order of the file */
function handOut(
  network: string,
  subnets: readonly Subnet[],
  nodes: readonly string[],
  former: readonly PlannedNode[],
): (node: string) => number {
  const [subnet] = subnets;
  if (subnet === undefined) throw new Error(`network ${network} has no subnet`);
  const room = Math.min(...subnets.map(usableHosts));
  const owners = new Map<string, string>();
  for (const { name, interfaces } of former)
    for (const each of interfaces) if (each.network === network) owners.set(each.address, name);
  const places = Array.from({ length: Math.min(room, nodes.length + owners.size) }, (_, host) => ({
    host,
    owner: owners.get(formatAddress(hostAddress(subnet, host))),
  }));
  const kept = new Map(places.flatMap(({ host, owner }) => (owner === undefined ? [] : [[owner, host]])));
  const staying = new Set(nodes);
  const isFree = ({ owner }: { owner: string | undefined }): boolean => owner === undefined;
  const isLeft = ({ owner }: { owner: string | undefined }): boolean =>
    owner !== undefined && !staying.has(owner);
  const others = [...places.filter(isFree), ...places.filter(isLeft)][Symbol.iterator]();
  return (node) => kept.get(node) ?? others.next().value?.host ?? room;
}

export const addressIn = (member: Member | undefined, family: Family): string | undefined =>
  member?.addresses.find((address) => familyOf(address) === family);

/** The network over which a balancer reaches the group it passes to: the first of its own that both are on. */
export function sharedNetwork(
  one: Pick<PlanGroup, 'networks'>,
  other: Pick<PlanGroup, 'networks'>,
): string | undefined {
  return one.networks.find((network) => other.networks.includes(network));
}

/** Room that the tunnels of balancers need on that network, so that a full packet still fits inside. */
function tunnelOverhead(network: string, subnets: readonly Subnet[], groups: readonly PlanGroup[]): number {
  const byName = new Map(groups.map((group) => [group.name, group]));
  const overheads = groups.flatMap((group) => {
    const target = byName.get(group.to ?? '');
    if (target === undefined || sharedNetwork(group, target) !== network) return [];
    return subnets.map(({ family }) => group.traits.tunnelOverhead?.(group.options, family) ?? 0);
  });
  return Math.max(0, ...overheads);
}

/**
 * Locally administered (first octet 02, IEEE 802c), the rest the address: no two are alike, and a dump is easy to read. Of an
 * IPv6 address there is room for a digest only.
 */
function macOf(address: Address): string {
  const word = wordOf(address);
  const octets = [
    0x02,
    address.family === 'ipv4' ? 0x00 : 0x06,
    ...[24, 16, 8, 0].map((shift) => (word >>> shift) & 255),
  ];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/**
 * An address as 32 bits. Those of one IPv6 network are all different, as they differ in the last bits only; networks are told apart by
 * a hash of the rest (FNV-1a: draft-eastlake-fnv).
 */
export function wordOf({ family, value }: Address): number {
  const last = Number(value & 0xffff_ffffn);
  if (family === 'ipv4') return last;
  let hash = 0x811c_9dc5;
  for (let shift = 120n; shift >= 32n; shift -= 8n)
    hash = Math.imul(hash ^ Number((value >> shift) & 255n), 0x0100_0193);
  return (hash ^ last) >>> 0;
}
