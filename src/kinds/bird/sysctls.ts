import { speaks } from '../../base/families.ts';
import type { Family } from '../../base/ip.ts';
import type { PlannedNode } from '../../topology/types.ts';

/**
 * sysctls of every node with ways of its own choosing.
 *
 * - Sender and router share a kernel here, so the layer-4 hash (policy 1) would use the sending socket's own random hash;
 *   policy 3 computes it from the header fields of `fib_multipath_hash_fields` (Linux Documentation/networking/ip-sysctl.rst).
 *   IPv6 has the same two since 5.14.
 * - `fib_multipath_use_neigh`: no next hop whose neighbour is known to be dead. (In IPv6 only a kernel that forwards nothing looks: net/ipv6/route.c, ip6_pol_route.)
 * - The way back differs from the way there, so no reverse-path filter: the kernel takes the larger of `all` and the
 *   interface's own value, which may have been inherited from the machine.
 */
export function wayfinding(node: PlannedNode): Record<string, string> {
  return {
    'net/ipv4/fib_multipath_hash_policy': '3',
    'net/ipv4/fib_multipath_hash_fields': String(node.hashFields),
    'net/ipv4/fib_multipath_use_neigh': '1',
    ...everyInterface(node, 'rp_filter', '0'),
    ...everyInterface(node, 'send_redirects', '0'),
    ...everyInterface(node, 'accept_redirects', '0'),
    ...(speaks(node, 'ipv6')
      ? {
          'net/ipv6/fib_multipath_hash_policy': '3',
          'net/ipv6/fib_multipath_hash_fields': String(node.hashFields),
          ...everyInterface(node, 'accept_redirects', '0', 'ipv6'),
        }
      : {}),
  };
}

/** `ip_forward` comes first: writing it resets others. */
export function forwarding(node: PlannedNode): Record<string, string> {
  return {
    'net/ipv4/ip_forward': '1',
    ...wayfinding(node),
    ...(speaks(node, 'ipv6') ? { 'net/ipv6/conf/all/forwarding': '1' } : {}),
  };
}

/** VIPs are local on many nodes of one network: each answers ARP for the addresses of the asked interface only, as it does neighbour solicitations anyway. */
export const quietVips: Readonly<Record<string, string>> = {
  'net/ipv4/conf/all/arp_ignore': '1',
  'net/ipv4/conf/all/arp_announce': '2',
};

/** `default` is for interfaces that are yet to come: tunnels and dummies. */
export function everyInterface(
  node: PlannedNode,
  name: string,
  value: string,
  family: Family = 'ipv4',
): Record<string, string> {
  const interfaces = ['all', 'default', ...node.interfaces.map((each) => each.name)];
  return Object.fromEntries(interfaces.map((each) => [`net/${family}/conf/${each}/${name}`, value]));
}
