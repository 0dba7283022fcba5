/** What every format draws: the tiers from the clients on, the networks between them, and who is plugged in where. */
import { addressesOf, listed } from '../base/families.ts';
import { endpoint } from '../base/ip.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';

export interface Picture {
  readonly title: string;
  /** `web 198.51.100.1:80` */
  readonly services: readonly string[];
  /** From the clients on; a node that no packet of a client comes to stands beside those behind its first network. */
  readonly tiers: readonly (readonly PlannedNode[])[];
  readonly networks: readonly PicturedNetwork[];
}

export interface PicturedNetwork {
  readonly name: string;
  readonly subnet: string;
  /** The first tier that is plugged in: the network is drawn behind it. */
  readonly behind: number;
  readonly members: readonly { readonly node: string; readonly tier: number; readonly address: string }[];
}

export function pictureOf({ name, services, networks, nodes }: Plan): Picture {
  const last = Math.max(0, ...nodes.map(({ tier = 0 }) => tier));
  const tierOf = ({ tier, interfaces }: PlannedNode): number =>
    tier ?? beside(interfaces[0]?.network) ?? last + 1;
  const beside = (network: string | undefined): number | undefined => {
    const there = nodes.filter((node) => node.interfaces.some((each) => each.network === network));
    const tiers = there.flatMap(({ tier }) => (tier === undefined ? [] : [tier]));
    return tiers.length === 0 ? undefined : Math.min(last, Math.min(...tiers) + 1);
  };
  const all = Array.from({ length: last + 2 }, (_, tier) => nodes.filter((node) => tierOf(node) === tier));
  const tiers = all.filter((tier) => tier.length > 0);
  const place = new Map(tiers.flatMap((tier, i) => tier.map((node) => [node.name, i] as const)));
  return {
    title: name,
    services: services.map((service) => `${service.name} ${endpoint(service.vip, service.port)}`),
    tiers,
    networks: networks.map((network) => {
      const members = nodes.flatMap((node) =>
        node.interfaces
          .filter((each) => each.network === network.name)
          .map(({ address }) => ({ node: node.name, tier: place.get(node.name) ?? 0, address })),
      );
      const behind = Math.min(...members.map(({ tier }) => tier), tiers.length);
      return { name: network.name, subnet: listed(network.subnet), behind, members };
    }),
  };
}

/** Lines of a node's label. */
export function labelOf({ name, kind, interfaces }: PlannedNode): string[] {
  return [name, kind, ...interfaces.flatMap(addressesOf).map(({ address }) => address)];
}
