import { parseSubnet, usableHosts } from '../base/ip.ts';
import { suggest } from '../base/suggest.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { Check } from './check.ts';

/** Ports that a client opens connections from, on each of its addresses: 1024 to 65535. */
const portsOfAddress = 65_536 - 1024;

/** Traffic comes from clients that are there, goes to services that are there, and fits into the clients' addresses. */
export function checkTraffic({ written, topology, plan, kinds, problem }: Check): void {
  const names = new Set<string>();
  const taken = new Map<string, number>();
  const clients = topology.nodes.filter(({ kind }) => kinds[kind]?.keys.sources !== undefined);
  for (const [i, traffic] of written.traffic.entries()) {
    const path = ['traffic', i];
    if (names.has(traffic.name))
      problem([...path, 'name'], `the name "${traffic.name}" is taken by other traffic`);
    names.add(traffic.name);

    const services = topology.services.map(({ name }) => name);
    if (!services.includes(traffic.to))
      problem(
        [...path, 'to'],
        `unknown service "${traffic.to}"`,
        suggest(traffic.to, services, 'known services'),
      );
    const client = clients.find(({ name }) => name === traffic.from);
    const known = clients.map(({ name }) => name);
    const group = topology.nodes.find(({ name }) => name === traffic.from);
    if (client !== undefined) {
      const addresses = plan.nodes.filter(({ group }) => group === client.name).map(addressesOf);
      // Connections are shared out evenly among the group's nodes.
      const most = Math.min(...addresses) * addresses.length * portsOfAddress;
      const held = (taken.get(client.name) ?? 0) + (traffic.type === 'held-tcp' ? traffic.connections : 0);
      taken.set(client.name, held);
      if (traffic.type === 'held-tcp' && held > most) {
        const from = client.sources ?? 'it has no sources';
        const message = `"${client.name}" can hold ${most} connections (${from}, ${portsOfAddress} ports an address), not ${held}`;
        problem([...path, 'connections'], message, 'give it more sources');
      }
    } else if (group === undefined)
      problem(
        [...path, 'from'],
        `unknown client group "${traffic.from}"`,
        suggest(traffic.from, known, 'known client groups'),
      );
    else
      problem(
        [...path, 'from'],
        `traffic comes from clients, but "${traffic.from}" is of kind ${group.kind}`,
        suggest(traffic.from, known, 'known client groups'),
      );
  }
}

/** How many addresses a client opens connections from: its sources, else the one that it has on its network. */
function addressesOf({ sources }: PlannedNode): number {
  const prefix = sources === undefined ? undefined : parseSubnet(sources);
  return prefix === undefined ? 1 : usableHosts(prefix);
}
