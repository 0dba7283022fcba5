/**
 * The servers that IPVS knows. `/proc/net/ip_vs` costs no process, but leaves servers out where there are many namespaces;
 * `ipvsadm -Ln` asks by netlink and prints the same lines with readable addresses.
 */
import { matching } from '../../base/families.ts';
import { endpoint, formatAddress, parseAddress } from '../../base/ip.ts';
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
  const { services, targets } = view.node;
  const known = services.reduce((sum, { vip }) => sum + matching(targets, vip).length, 0);
  if (seen.length >= known) return seen;
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
 * Addresses, with or without a port, as everybody else writes them: `C6336401:0050` → `198.51.100.1:80`,
 * `[2001:0db8:0000:…:0001]:0050` → `[2001:db8::1]:80`, an address in brackets without a port without them.
 */
export function readable(text: string): string {
  const four = /^([0-9A-F]{8})(?::([0-9A-F]{4}))?$/.exec(text);
  if (four !== null)
    return at(formatAddress({ family: 'ipv4', value: BigInt(`0x${four[1]}`) }), portOf(four[2]));
  const six = /^\[?([\da-f:]+?)\]?(?:(?<=\]):(\w+))?$/i.exec(text);
  const address = parseAddress(six?.[1] ?? '');
  if (address === undefined) return text;
  // The kernel's own text is padded everywhere, and its ports are hexadecimal.
  const port = (six?.[1] ?? '').length === 39 ? portOf(six?.[2]) : six?.[2];
  return at(formatAddress(address), port);
}

const at = (address: string, port: string | number | undefined): string =>
  port === undefined ? address : endpoint(address, port);

const portOf = (hex: string | undefined): number | undefined =>
  hex === undefined ? undefined : Number.parseInt(hex, 16);
