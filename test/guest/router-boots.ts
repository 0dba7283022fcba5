/** A router that is made from nothing, with four L4 nodes behind it, and what it does with flows. */
import type { Host } from '../../src/hosts/contract.ts';
import { askRouters } from '../../src/oracle/index.ts';
import { balancer, behind, clients, type Flow, nameOf, script, sendFlows } from './ipvs-guest.ts';

export const bootedRouter = 'rb';
export const behindIt = ['b-1', 'b-2', 'b-3', 'b-4'] as const;
const vip = '198.51.100.9';
const addressOf = (i: number): string => `192.0.2.${118 + 4 * i}`;

/** `route`: next hops as BGP brings them; else a group that is written down, of that kind. */
export type NextHopsOf = 'route' | 'static' | 'resilient';

/** Whatever was there before is gone, and its kernel's memory with it. */
export async function boot(host: Host, kind: NextHopsOf, mask: number): Promise<void> {
  await script(host, [
    ...[bootedRouter, ...behindIt].map((name) => `ip netns del ${name} 2>/dev/null || true`),
    `ip -n ${clients} link del ${bootedRouter} 2>/dev/null || true`,
    ...behind(clients, bootedRouter, ['192.0.2.101', '192.0.2.102']),
    `ip -n ${clients} route replace ${vip} via 192.0.2.102`,
    ...behindIt.flatMap((name, i) => [
      ...behind(bootedRouter, name, [`192.0.2.${117 + 4 * i}`, addressOf(i)]),
      ...balancer(name),
      `ip netns exec ${name} ipvsadm -A -t ${vip}:80 -s rr`,
      `ip netns exec ${name} ipvsadm -a -t ${vip}:80 -r 10.0.0.1 -i`,
      `ip -n ${bootedRouter} nexthop add id ${i + 1} via ${addressOf(i)} dev ${name}`,
    ]),
    `ip netns exec ${bootedRouter} sysctl -q -w net.ipv4.fib_multipath_hash_policy=3 net.ipv4.fib_multipath_hash_fields=${mask}`,
  ]);
  await group(host, kind, [0, 1, 2, 3]);
}

/** Gives the router these next hops, by their places. */
export async function group(host: Host, kind: NextHopsOf, places: readonly number[]): Promise<void> {
  const ids = places.map((place) => place + 1).join('/');
  const lines = {
    route: [`route replace ${vip} ${places.map((place) => `nexthop via ${addressOf(place)}`).join(' ')}`],
    static: [`nexthop replace id 100 group ${ids}`, `route replace ${vip} nhid 100`],
    resilient: [
      `nexthop replace id 100 group ${ids} type resilient buckets 128 idle_timer 60 unbalanced_timer 0`,
      `route replace ${vip} nhid 100`,
    ],
  }[kind];
  await script(
    host,
    lines.map((line) => `ip -n ${bootedRouter} ${line}`),
  );
}

/** What ARP has found out about a next hop. */
export const neighbourIs = (host: Host, place: number, state: 'failed' | 'reachable'): Promise<void> =>
  script(host, [
    `ip -n ${bootedRouter} neigh replace ${addressOf(place)} lladdr 02:00:00:00:00:01 dev ${behindIt[place]} nud ${state}`,
  ]);

/** Where the packets of the flows really come out. */
export async function comesOutAt(host: Host, flows: readonly Flow[]): Promise<readonly string[]> {
  const carried = await sendFlows(host, behindIt, { vip, port: 80 }, flows);
  return flows.map((flow) => behindIt.filter((_, i) => carried[i]?.has(nameOf(flow))).join(' and '));
}

/** Where the router says that it would send them. */
export async function isSaidOf(host: Host, flows: readonly Flow[]): Promise<readonly string[]> {
  const answers = await askRouters(
    (router, argv, options) => host.exec(['ip', 'netns', 'exec', router, ...argv], options),
    [{ router: bootedRouter, interface: 'cable' }],
    toVip(flows),
  );
  return (answers.get(bootedRouter) ?? []).map(
    (hop) => behindIt[behindIt.findIndex((_, i) => addressOf(i) === hop)] ?? hop,
  );
}

export const toVip = (flows: readonly Flow[]) => flows.map((flow) => ({ ...flow, vip, vipPort: 80 }));
