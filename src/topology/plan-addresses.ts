import { formatAddress, hostAddress, parseSubnet } from '../base/ip.ts';
import type { PlanGroup } from './plan-group.ts';
import type { Interface, Topology } from './types.ts';

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

/** Hands out each network's addresses over its members in the order of the file. */
export function planAddresses(
  topology: Topology,
  groups: readonly PlanGroup[],
): ReadonlyMap<string, AddressedNetwork> {
  return new Map(
    topology.networks.map(({ name, subnet: text, mtu: written }) => {
      const subnet = parseSubnet(text);
      if (subnet === undefined) throw new Error(`network ${name} has no subnet`);
      const here = groups.filter(({ networks }) => networks.includes(name));
      const mtu = written ?? 1500 + tunnelOverhead(name, here);
      const byGroup = new Map<string, Member[]>();
      let host = 0;
      for (const group of here) {
        const members = group.nodeNames.map((node): Member => {
          const value = hostAddress(subnet, host++);
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
