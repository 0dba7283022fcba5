import { clientPorts } from '../base/client-ports.ts';
import { familyName, inFamily, speaks } from '../base/families.ts';
import { type Family, familyOf, parseSubnet, usableHosts } from '../base/ip.ts';
import { suggest } from '../base/suggest.ts';
import type { KindTable, PlannedNode, Topology } from '../topology/types.ts';
import type { Check } from './check.ts';

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

    const services = [...new Set(topology.services.map(({ name }) => name))];
    const vips = topology.services.filter(({ name }) => name === traffic.to).map(({ vip }) => vip);
    const family = traffic.family ?? familyOf(vips[0] ?? '');
    if (!services.includes(traffic.to))
      problem(
        [...path, 'to'],
        `unknown service "${traffic.to}"`,
        suggest(traffic.to, services, 'known services'),
      );
    else if (inFamily(vips, family) === undefined)
      problem([...path, 'family'], `"${traffic.to}" has no ${familyName[family]} VIP`);
    if (traffic.type === 'held-tcp' && traffic.contested) {
      const refusal = refuseContested(traffic.to, topology, kinds);
      if (refusal !== undefined) problem([...path, 'contested'], ...refusal);
    }
    const client = clients.find(({ name }) => name === traffic.from);
    const known = clients.map(({ name }) => name);
    const group = topology.nodes.find(({ name }) => name === traffic.from);
    if (client !== undefined) {
      const addresses = plan.nodes
        .filter(({ group }) => group === client.name)
        .map((node) => sourcesOf(node, family));
      // Connections are shared out evenly among the group's nodes.
      const most = Math.min(...addresses) * addresses.length * clientPorts.count;
      const key = `${client.name} ${family}`;
      const held = (taken.get(key) ?? 0) + (traffic.type === 'held-tcp' ? traffic.connections : 0);
      taken.set(key, held);
      if (most === 0) problem([...path, 'from'], `"${client.name}" has no ${familyName[family]} address`);
      else if (traffic.type === 'held-tcp' && held > most) {
        const from = inFamily(client.sources, family) ?? 'it has no sources';
        const message = `"${client.name}" can hold ${most} connections (${from}, ${clientPorts.count} ports an address), not ${held}`;
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

/** @returns what is wrong, and a hint */
function refuseContested(
  name: string,
  { nodes, services }: Topology,
  kinds: KindTable,
): readonly [string, string] | undefined {
  const service = services.find((each) => each.name === name);
  if (service === undefined) return undefined;
  const counts = new Map(nodes.map((group) => [group.name, group.count]));
  const balancers = nodes.filter(
    ({ kind, serves }) => kinds[kind]?.hashes !== undefined && serves.includes(name),
  );
  const because = (why: string) => `no connection to "${name}" is contested: ${why}`;
  if (balancers.length === 0)
    return [because('no L4 node stands before its L7 nodes'), 'leave contested out, or add an L4 tier'];
  const hashing = balancers.filter(({ kind, options }) => kinds[kind]?.hashes?.(options, service));
  if (hashing.length === 0)
    return [
      because(`"${balancers.map((group) => group.name).join('", "')}" does not choose by a hash`),
      'set scheduler: mh or sh, or leave contested out',
    ];
  if (hashing.every(({ to = '' }) => counts.get(to) === 1))
    return [
      because('one server has no order'),
      `give "${hashing[0]?.to}" a count of 2 or more, or leave contested out`,
    ];
  return undefined;
}

/** How many addresses of a family a client opens connections from: its sources, else the one that it has on its network, if any. */
function sourcesOf(node: PlannedNode, family: Family): number {
  const prefix = parseSubnet(inFamily(node.sources, family) ?? '');
  if (prefix !== undefined) return usableHosts(prefix);
  return speaks(node, family) ? 1 : 0;
}
