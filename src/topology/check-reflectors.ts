import { suggest } from '../base/suggest.ts';
import type { Check } from './check.ts';
import { roleOf } from './sessions.ts';
import type { NodeGroup } from './types.ts';

/** Reflectors must have clients that can hear each other through them. */
export function checkReflectors(check: Check): void {
  for (const group of check.topology.nodes) {
    if (group.reflects === undefined) continue;
    checkNetwork(check, group);
    group.reflects.forEach((name, i) => {
      checkClient(check, group, name, i);
    });
    checkListener(check, group, group.reflects);
  }
}

/** Next hops stay what they were, so who hears of one must be on its network. */
function checkNetwork({ problem }: Check, { name, networks }: NodeGroup): void {
  if (networks.length < 2) return;
  problem(
    ['nodes', name, 'networks'],
    `"${name}" reflects routes, so it can be on one network only`,
    'a reflector carries no packets; write another one for the other network',
  );
}

function checkClient(
  { groups, kinds, topology, problem }: Check,
  reflector: NodeGroup,
  name: string,
  i: number,
): void {
  const path = ['nodes', reflector.name, 'reflects', i];
  const client = groups.get(name);
  if (client === undefined) {
    const others = topology.nodes.map((group) => group.name).filter((other) => other !== reflector.name);
    problem(path, `unknown group "${name}"`, suggest(name, others, 'known groups'));
    return;
  }
  const [network] = reflector.networks;
  if (reflector.reflects?.indexOf(name) !== i) problem(path, `the group "${name}" is named twice`);
  else if (name === reflector.name) problem(path, `"${name}" reflects its own routes`);
  else if (roleOf(client, kinds[client.kind]) === 'none')
    problem(path, `"${name}" has no routes to reflect: kind ${client.kind} does not speak BGP`);
  else if (roleOf(client, kinds[client.kind]) === 'reflector')
    problem(path, `"${name}" is a reflector itself`, 'all reflectors of a network have the same clients');
  else if (network !== undefined && !client.networks.includes(network))
    problem(
      path,
      `"${reflector.name}" and "${name}" have no network in common`,
      `${reflector.name} is on ${network}; ${name} is on ${client.networks.join(', ')}`,
    );
  else if (client.asn !== undefined && client.asn !== reflector.asn)
    problem(
      ['nodes', name, 'asn'],
      `"${name}" is not in the AS of its reflector "${reflector.name}": routes are reflected inside one AS`,
      `write asn: ${reflector.asn}`,
    );
}

/** Reflectors are for routers, which would otherwise need a session with everybody. */
function checkListener(
  { groups, kinds, problem }: Check,
  { name }: NodeGroup,
  clients: readonly string[],
): void {
  const known = clients.flatMap((client) => groups.get(client) ?? []);
  if (
    known.length < clients.length ||
    known.some((client) => roleOf(client, kinds[client.kind]) === 'router')
  )
    return;
  problem(
    ['nodes', name, 'reflects'],
    `no router hears what "${name}" reflects`,
    'add the routers of its network to the list',
  );
}
