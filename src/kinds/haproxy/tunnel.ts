/**
 * Where tier 2's packets come out: one IPIP device that has no fixed far end and carries the VIPs.
 *
 * Only tier 2 may use it. The rules decide by the *outer* packet, before the kernel looks whether its address is local:
 * IPIP from an L4 node is, any other IPIP goes nowhere. For that the rule that finds local addresses, which the kernel
 * puts first, comes after them. (Rules by protocol: Linux net/core/fib_rules.c, since 4.17.)
 */
import type { PlannedNode } from '../../topology/types.ts';
import { ownAddressesTowards } from './config.ts';

export const tunnelDevice = 'ipip0';

/** Lines for `ip -batch`. Protocol 4 is IPv4 in IP (RFC 2003); what /etc/protocols calls `ipip` is another one, 94. */
export function tunnel(node: PlannedNode): string[] {
  const local = ownAddressesTowards(node)[0] ?? 'any';
  const senders = [
    ...new Set(node.senders.filter(({ kind }) => kind === 'ipvs').map(({ address }) => address)),
  ];
  const vips = [...new Set(node.services.map(({ vip }) => vip))];
  return [
    `link add name ${tunnelDevice} type ipip local ${local} remote any`,
    `link set ${tunnelDevice} up`,
    ...vips.map((vip) => `address add ${vip}/32 dev ${tunnelDevice}`),
    'rule add pref 30 lookup local',
    ...senders.map((address) => `rule add pref 10 ipproto 4 from ${address} lookup local`),
    'rule add pref 20 ipproto 4 blackhole',
    'rule del pref 0',
  ];
}
