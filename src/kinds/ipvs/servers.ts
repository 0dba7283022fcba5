/** The servers that IPVS knows. `/proc/net/ip_vs` leaves some out where there are many namespaces, so its netlink is asked. */
import { matching } from '../../base/families.ts';
import { endpoint, formatAddress, parseAddress } from '../../base/ip.ts';
import type { PlannedNode } from '../../topology/types.ts';
import type { NodeView } from '../contract.ts';
import { parseServers, type ServerEntry, serversOf } from './netlink.ts';

/** All servers of the node's services, of each in the kernel's order: what was added last comes first. */
export async function askServers({ node, netlink }: NodeView): Promise<readonly ServerEntry[]> {
  const all = node.services.map(async (service) =>
    parseServers(service, await netlink('IPVS', serversOf(service))),
  );
  return (await Promise.all(all)).flat();
}

/** What is not as it should be when all is well: a server that is not there, or has no weight and is not known to be out of service. */
export function missingServers(
  node: PlannedNode,
  servers: readonly ServerEntry[],
  out: ReadonlySet<string> = new Set(),
): string[] {
  return node.services.flatMap(({ name, vip, port }) =>
    matching(node.targets, vip).flatMap((target) => {
      const found = servers.find(
        ({ service, address }) => service === endpoint(vip, port) && address === target.address,
      );
      if (found === undefined) return [`${target.node} is no server of ${name} yet`];
      return found.weight > 0 || out.has(target.node) ? [] : [`${target.node} has weight 0 for ${name}`];
    }),
  );
}

/**
 * Addresses as everybody else writes them: `C6336401` (the kernel's own) → `198.51.100.1`, `2001:0db8:0000:…:0001` → `2001:db8::1`, one
 * in brackets without a port without them; with a port as they are.
 */
export function readable(text: string): string {
  if (/^[0-9A-F]{8}$/.test(text)) return formatAddress({ family: 'ipv4', value: BigInt(`0x${text}`) });
  const [, host = '', port] = /^\[?([\da-f:]+?)\]?(?:(?<=\]):(\d+))?$/i.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === undefined) return text;
  return port === undefined ? formatAddress(address) : endpoint(formatAddress(address), port);
}
