/**
 * The servers that IPVS knows. `/proc/net/ip_vs` costs no process, but leaves servers out where there are many namespaces;
 * `ipvsadm -Ln` asks by netlink and prints the same lines with readable addresses.
 */
import { formatAddress } from '../../base/ip.ts';
import type { PlannedNode } from '../../topology/types.ts';
import type { NodeView } from '../contract.ts';

export interface ServerEntry {
  /** `address:port` of the virtual server. */
  readonly service: string;
  readonly address: string;
  /** 0: takes no new flows. */
  readonly weight: number;
  readonly active: number;
  readonly inactive: number;
}

/** All servers of the node's services, in the kernel's order: what was added last comes first. */
export async function askServers(view: NodeView): Promise<readonly ServerEntry[]> {
  const seen = parseServers(await view.readFile('/proc/net/ip_vs'));
  if (seen.length >= view.node.services.length * view.node.targets.length) return seen;
  const { exitCode, stdout, stderr } = await view.exec(['ipvsadm', '-Ln', '--nosort']);
  if (exitCode !== 0) throw new Error(`ipvsadm of ${view.node.name}: ${stderr.trim()}`);
  return parseServers(stdout);
}

/** Reads either text. */
export function parseServers(text: string): ServerEntry[] {
  const servers: ServerEntry[] = [];
  let service = '';
  for (const line of text.split('\n')) {
    const virtual = /^TCP +(\S+:\S+) /.exec(line);
    if (virtual !== null) service = readable(virtual[1] ?? '');
    const real = /^ {2}-> (\S+):\S+ +\w+ +(\d+) +(\d+) +(\d+)/.exec(line);
    if (real === null) continue;
    const [, address = '', weight, active, inactive] = real;
    servers.push({
      service,
      address: readable(address),
      weight: Number(weight),
      active: Number(active),
      inactive: Number(inactive),
    });
  }
  return servers;
}

/** What is not as it should be when all is well: a server that is not there, or has no weight. */
export function missingServers(node: PlannedNode, servers: readonly ServerEntry[]): string[] {
  return node.services.flatMap(({ name, vip, port }) =>
    node.targets.flatMap((target) => {
      const found = servers.find(
        ({ service, address }) => service === `${vip}:${port}` && address === target.address,
      );
      if (found === undefined) return [`${target.node} is no server of ${name} yet`];
      return found.weight > 0 ? [] : [`${target.node} has weight 0 for ${name}`];
    }),
  );
}

/** `C6336401:0050` → `198.51.100.1:80`; dotted addresses stay as they are. */
function readable(text: string): string {
  const found = /^([0-9A-F]{8})(?::([0-9A-F]{4}))?$/.exec(text);
  if (found === null) return text;
  const address = formatAddress(Number.parseInt(found[1] ?? '', 16));
  return found[2] === undefined ? address : `${address}:${Number.parseInt(found[2], 16)}`;
}
