import { formatAddress, hostAddress, parseSubnet, type Subnet, usableHosts } from '../base/ip.ts';
import type { PlanGroup } from './plan-group.ts';
import type { Interface, Plan, Topology } from './types.ts';

export interface Member {
  readonly node: string;
  readonly group: string;
  readonly address: string;
  readonly interface: Interface;
}

export interface AddressedNetwork {
  readonly name: string;
  readonly subnet: string;
  readonly mtu: number;
  /** In the order of the file. */
  readonly members: readonly Member[];
  readonly byGroup: ReadonlyMap<string, readonly Member[]>;
  /** The groups on it, in the order of the file. */
  readonly groups: readonly PlanGroup[];
}

/**
 * Hands out each network's addresses over its members in the order of the file. Nodes of the former plan keep theirs; the
 * others get what is left, and what a node of the former plan leaves behind only if there is nothing else.
 */
export function planAddresses(
  topology: Topology,
  groups: readonly PlanGroup[],
  former?: Plan,
): ReadonlyMap<string, AddressedNetwork> {
  return new Map(
    topology.networks.map(({ name, subnet: text, mtu: written }) => {
      const subnet = parseSubnet(text);
      if (subnet === undefined) throw new Error(`network ${name} has no subnet`);
      const here = groups.filter(({ networks }) => networks.includes(name));
      const mtu = written ?? 1500 + tunnelOverhead(name, here);
      const byGroup = new Map<string, Member[]>();
      const hostOf = handOut(
        name,
        subnet,
        here.flatMap(({ nodeNames }) => nodeNames),
        former,
      );
      for (const group of here) {
        const members = group.nodeNames.map((node): Member => {
          const value = hostAddress(subnet, hostOf(node));
          const address = formatAddress(value);
          return {
            node,
            group: group.name,
            address,
            interface: { name, network: name, mac: macOf(value), address, prefixLength: subnet.length, mtu },
          };
        });
        byGroup.set(group.name, members);
      }
      return [
        name,
        { name, subnet: text, mtu, byGroup, groups: here, members: [...byGroup.values()].flat() },
      ];
    }),
  );
}

/** @returns for each node its place among the hosts of the subnet, from 0; to be asked once, in the order of the file */
function handOut(
  network: string,
  subnet: Subnet,
  nodes: readonly string[],
  former: Plan | undefined,
): (node: string) => number {
  const owners = new Map<string, string>();
  for (const { name, interfaces } of former?.nodes ?? [])
    for (const each of interfaces) if (each.network === network) owners.set(each.address, name);
  const places = Array.from(
    { length: Math.min(usableHosts(subnet), nodes.length + owners.size) },
    (_, host) => ({
      host,
      owner: owners.get(formatAddress(hostAddress(subnet, host))),
    }),
  );
  const kept = new Map(places.flatMap(({ host, owner }) => (owner === undefined ? [] : [[owner, host]])));
  const isFree = ({ owner }: { owner: string | undefined }): boolean => owner === undefined;
  const isLeft = ({ owner }: { owner: string | undefined }): boolean =>
    owner !== undefined && !nodes.includes(owner);
  const others = [...places.filter(isFree), ...places.filter(isLeft)][Symbol.iterator]();
  return (node) => kept.get(node) ?? others.next().value?.host ?? usableHosts(subnet);
}

/** The network over which a balancer reaches the group it passes to: the first of its own that both are on. */
export function sharedNetwork(
  one: Pick<PlanGroup, 'networks'>,
  other: Pick<PlanGroup, 'networks'>,
): string | undefined {
  return one.networks.find((network) => other.networks.includes(network));
}

/** Room that the tunnels of balancers need on that network, so that a full packet still fits inside. */
function tunnelOverhead(network: string, groups: readonly PlanGroup[]): number {
  const overheads = groups.map((group) => {
    const target = groups.find(({ name }) => name === group.to);
    if (target === undefined || sharedNetwork(group, target) !== network) return 0;
    return group.traits.tunnelOverhead?.(group.options) ?? 0;
  });
  return Math.max(0, ...overheads);
}

/** Locally administered (first octet 02, IEEE 802c), the rest the address: no two are alike, and a dump is easy to read. */
function macOf(address: number): string {
  const octets = [0x02, 0x00, ...[24, 16, 8, 0].map((shift) => (address >>> shift) & 255)];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
