import { eachOf, familyName, inFamily } from '../base/families.ts';
import { type Family, familyOf, leastMtuOfIpv6 } from '../base/ip.ts';
import type { Check } from './check.ts';
import { sharedNetwork } from './plan-addresses.ts';
import type { NodeGroup } from './types.ts';

/** A VIP needs a way for packets of its family through the whole chain; a client's sources need an address to be reached by. */
export function checkFamilies(check: Check): void {
  for (const group of check.topology.nodes) checkSources(check, group);
  for (const { name, subnet, mtu = leastMtuOfIpv6 } of check.topology.networks)
    if (mtu < leastMtuOfIpv6 && inFamily(subnet, 'ipv6') !== undefined)
      check.problem(
        ['networks', name, 'mtu'],
        `an MTU of ${mtu} is too small for IPv6: at least ${leastMtuOfIpv6}`,
      );
  const seen = new Map<string, number>();
  for (const { name, vip } of check.topology.services) {
    const place = seen.get(name) ?? 0;
    seen.set(name, place + 1);
    checkWay(check, name, vip, place);
    checkLinks(check, name, vip);
  }
}

/** Does the network have the family? One that is not there is somebody else's problem. */
function has({ topology }: Check, network: string, family: Family): boolean {
  const found = topology.networks.find(({ name }) => name === network);
  return found === undefined || inFamily(found.subnet, family) !== undefined;
}

function checkSources(check: Check, { name, networks, sources }: NodeGroup): void {
  for (const [i, prefix] of eachOf(sources).entries()) {
    const family = familyOf(prefix);
    if (networks.some((network) => has(check, network, family))) continue;
    check.problem(
      ['nodes', name, 'sources', i],
      `no network of "${name}" has an ${familyName[family]} subnet, so nobody reaches ${prefix}`,
      hintFor(networks, family),
    );
  }
}

/** From the clients over routers to those who announce the VIP. Where there is no way at all, it is not for lack of a family. */
function checkWay(check: Check, service: string, vip: string, place: number): void {
  const { topology, kinds, problem } = check;
  const passedTo = new Set(topology.nodes.map(({ to }) => to));
  const first = topology.nodes.filter(({ name, serves }) => serves.includes(service) && !passedTo.has(name));
  const family = familyOf(vip);
  const usable = (network: string): boolean => has(check, network, family);
  const clients = topology.nodes.filter(({ kind }) => kinds[kind]?.keys.sources !== undefined);
  const all = reached(check, clients, () => true);
  const ways = reached(check, clients, usable);
  for (const { name, networks } of first) {
    if (!networks.some((network) => all.has(network)) || networks.some((network) => ways.has(network)))
      continue;
    const without = [...all].filter((network) => !usable(network));
    problem(
      ['services', service, 'vip', place],
      `there is no way for ${familyName[family]} from the clients to "${name}", so nobody reaches the VIP ${vip}`,
      hintFor(without, family),
    );
  }
}

/** Networks that packets of clients come to. */
function reached(
  { topology, kinds }: Check,
  clients: readonly NodeGroup[],
  usable: (network: string) => boolean,
): ReadonlySet<string> {
  const found = new Set(clients.flatMap(({ networks }) => networks).filter(usable));
  const routers = topology.nodes.filter(
    ({ kind, reflects }) => kinds[kind]?.bgp === 'router' && reflects === undefined,
  );
  for (const network of found)
    for (const router of routers)
      if (router.networks.includes(network))
        for (const next of router.networks.filter(usable)) found.add(next);
  return found;
}

/** Who passes packets on needs an address of their family to pass them to. */
function checkLinks(check: Check, service: string, vip: string): void {
  const { topology, kinds, groups, problem } = check;
  const family = familyOf(vip);
  for (const group of topology.nodes) {
    const target = groups.get(group.to ?? '');
    const keeps = kinds[group.kind]?.keepsFamily === true;
    const network = target === undefined ? undefined : sharedNetwork(group, target);
    if (!keeps || network === undefined || !group.serves.includes(service) || has(check, network, family))
      continue;
    problem(
      ['networks', network, 'subnet'],
      `"${group.name}" passes ${service} on to "${group.to}" over "${network}", which has no ${familyName[family]} subnet for the VIP ${vip}`,
      hintFor([network], family),
    );
  }
}

const hintFor = (networks: readonly string[], family: Family): string =>
  `give an ${familyName[family]} subnet to ${networks.join(', ')} as well: subnet: [10.1.0.0/24, "2001:db8:1::/64"]`;
