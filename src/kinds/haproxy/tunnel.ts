/**
 * Where tier 2's packets come out: one device for each family that has no fixed far end and carries the VIPs.
 *
 * Only tier 2 may use it. The rules decide by the *outer* packet, before the kernel looks whether its address is local:
 * a tunnel from an L4 node is, any other goes nowhere. For that the rule that finds local addresses, which the kernel
 * puts first, comes after them. (Rules by protocol: Linux net/core/fib_rules.c, since 4.17.)
 */
import { type Family, familyOf, hostPrefix } from '../../base/ip.ts';
import type { PlannedNode } from '../../topology/types.ts';
import { ownAddressesTowards } from './config.ts';

interface Form {
  readonly device: string;
  readonly type: string;
  /** Of the packet inside: 4 is IPv4 in IP (RFC 2003; what /etc/protocols calls `ipip` is another one, 94), 41 IPv6 (RFC 2473). */
  readonly protocol: number;
  /** `ip` takes a rule without an address for one of IPv4. */
  readonly rule: string;
}

const forms: Readonly<Record<Family, Form>> = {
  ipv4: { device: 'ipip0', type: 'ipip', protocol: 4, rule: 'rule' },
  ipv6: { device: 'ip6ip6', type: 'ip6tnl mode ip6ip6', protocol: 41, rule: '-6 rule' },
};

export const tunnelDevices = Object.values(forms).map(({ device }) => device);

/** Lines for `ip -batch`. */
export const tunnels = (node: PlannedNode): string[] =>
  familiesServed(node).flatMap((family) => tunnel(node, family));

/** Kernel modules that not all L7 nodes need. */
export const tunnelModules = (node: PlannedNode): string[] =>
  !node.announces && familiesServed(node).includes('ipv6') ? ['ip6_tunnel'] : [];

const familiesServed = ({ services }: PlannedNode): Family[] => [
  ...new Set(services.map(({ vip }) => familyOf(vip))),
];

function tunnel(node: PlannedNode, family: Family): string[] {
  const { device, type, protocol, rule } = forms[family];
  const isOwn = (address: string): boolean => familyOf(address) === family;
  const local = ownAddressesTowards(node).find(isOwn) ?? 'any';
  const senders = [
    ...new Set(node.senders.filter(({ kind }) => kind === 'ipvs').map(({ address }) => address)),
  ].filter(isOwn);
  const vips = [...new Set(node.services.map(({ vip }) => vip))].filter(isOwn);
  return [
    `link add name ${device} type ${type} local ${local} remote any`,
    `link set ${device} up`,
    ...vips.map((vip) => `address add ${hostPrefix(vip)} dev ${device}`),
    `${rule} add pref 30 lookup local`,
    ...senders.map((address) => `${rule} add pref 10 ipproto ${protocol} from ${address} lookup local`),
    `${rule} add pref 20 ipproto ${protocol} blackhole`,
    `${rule} del pref 0`,
  ];
}
