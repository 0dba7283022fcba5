import { eachOf, type PerFamily } from '../base/families.ts';
import { groupBy } from '../base/group-by.ts';
import {
  bitsOf,
  compare,
  contains,
  endpoint,
  type Family,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  usableHosts,
} from '../base/ip.ts';
import type { Check } from './check.ts';
import { shares } from './sources.ts';

/** Nothing may have an address twice: subnets, sources and VIPs keep out of each other's way. */
export function checkAddresses(check: Check): void {
  checkOverlaps(check);
  checkRoom(check);
  checkVips(check);
}

interface Range {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  readonly subnet: Subnet;
}

function ranges({ topology }: Check): Range[] {
  const found: Range[] = [];
  const add = (path: readonly string[], what: string, value: PerFamily | undefined): void => {
    for (const [i, text] of eachOf(value).entries()) {
      const subnet = parseSubnet(text);
      if (subnet !== undefined) found.push({ path: [...path, i], what, subnet });
    }
  };
  for (const { name, subnet } of topology.networks)
    add(['networks', name, 'subnet'], `the network "${name}"`, subnet);
  for (const { name, sources } of topology.nodes)
    add(['nodes', name, 'sources'], `the sources of "${name}"`, sources);
  return found;
}

/** Sorted by where they begin, a range can only overlap the one that reaches furthest so far. */
function checkOverlaps(check: Check): void {
  const sorted = ranges(check).sort(
    (a, b) =>
      a.subnet.family.localeCompare(b.subnet.family) ||
      compare(a.subnet.base, b.subnet.base) ||
      a.subnet.length - b.subnet.length,
  );
  let widest: Range | undefined;
  for (const range of sorted) {
    if (widest !== undefined && overlaps(widest.subnet, range.subnet)) {
      const message = `${formatSubnet(range.subnet)} overlaps ${formatSubnet(widest.subnet)} of ${widest.what}`;
      check.problem(range.path, message, 'give each a range of its own');
    } else widest = range;
  }
}

/** A Linux bridge has at most 1023 ports (BR_MAX_PORTS in net/bridge/br_private.h, port 0 unused). */
const portLimit = 1023;

function checkRoom({ topology, problem }: Check): void {
  const onNetwork = groupBy(topology.nodes, ({ networks }) => new Set(networks));
  for (const { name, subnet: value } of topology.networks) {
    const members = (onNetwork.get(name) ?? []).reduce((sum, { count }) => sum + count, 0);
    for (const [i, text] of eachOf(value).entries()) {
      const subnet = parseSubnet(text);
      if (subnet === undefined || members <= usableHosts(subnet)) continue;
      const length = smallestFor(members, subnet.family);
      problem(
        ['networks', name, 'subnet', i],
        `${text} is too small: it has room for ${usableHosts(subnet)} nodes, and ${members} are on "${name}"`,
        `a /${length} would do`,
      );
    }
    if (members > portLimit)
      problem(
        ['networks', name],
        `${members} nodes are on "${name}", but a Linux bridge has at most ${portLimit} ports`,
        'spread them over several networks',
        'key',
      );
  }
  for (const { name, sources, count } of topology.nodes) {
    for (const [i, prefix] of eachOf(sources).entries()) {
      if (shares(prefix, count).length === count) continue;
      problem(
        ['nodes', name, 'sources', i],
        `${prefix} is too small to be shared out among the ${count} nodes of "${name}"`,
      );
    }
  }
}

function smallestFor(members: number, family: Family): number {
  let length = bitsOf(family) - 2;
  while (usableHosts({ family, length }) < members) length--;
  return length;
}

function checkVips(check: Check): void {
  const taken = ranges(check);
  const owners = new Map<string, string>();
  for (const { name, vip, port } of check.topology.services) {
    const address = parseAddress(vip);
    const inside = address === undefined ? undefined : taken.find(({ subnet }) => contains(subnet, address));
    if (inside !== undefined) {
      const message = `the VIP ${vip} lies in ${formatSubnet(inside.subnet)} of ${inside.what}`;
      check.problem(
        ['services', name, 'vip', placeOf(vip, name, check)],
        message,
        'a VIP is routed, not on a network: take an address outside of all of them',
      );
    }
    const owner = owners.get(endpoint(vip, port));
    if (owner === undefined) owners.set(endpoint(vip, port), name);
    else
      check.problem(
        ['services', name, 'port'],
        `${vip} port ${port} is taken by the service "${owner}"`,
        'give it another port or another VIP',
      );
  }
}

/** Which of the VIPs of that service it is, from 0. */
const placeOf = (vip: string, service: string, { topology }: Check): number =>
  topology.services.filter(({ name }) => name === service).findIndex((each) => each.vip === vip);
