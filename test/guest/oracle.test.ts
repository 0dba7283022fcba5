/** The oracle's algorithms held against the kernel's own choices, in a guest. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/contract.ts';
import {
  askParts,
  askRouters,
  buildSourceTable,
  buildTable,
  type Fabric,
  lookup,
  lookupSource,
  outcomes,
  type Part,
  type Server,
  shareOfDifference,
  withWeight,
} from '../../src/oracle/index.ts';
import { openGuest } from './guest-programs.ts';
import { balancer, behind, clients, type Flow, flowsOf, nameOf, script, sendFlows } from './ipvs-guest.ts';
import {
  behindIt,
  boot,
  bootedRouter,
  comesOutAt,
  group,
  isSaidOf,
  neighbourIs,
  toVip,
} from './router-boots.ts';
import { asked, endsOf, layOut, sixFlows, sixHops, sixRouter } from './six-ways.ts';

let host: Host;
let close: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ host, close } = await openGuest(['veth', 'dummy', 'ip_vs', 'ip_vs_mh', 'ip_vs_sh', 'ip_vs_rr']));
  await script(host, [
    `ip netns add ${clients}`,
    ...behind(clients, 'l4', ['192.0.2.1', '192.0.2.2']),
    ...balancer('l4'),
    `ip -n ${clients} route add 198.51.100.0/24 via 192.0.2.2`,
  ]);
});

afterAll(() => close());

const mh = '-s mh -b mh-port,mh-fallback';
const sh = '-s sh -b sh-port,sh-fallback';

/** Each service has a VIP of its own, and all the same port: it is the servers' too, which the table depends on. */
const vip = (service: number): string => `198.51.100.${service}`;

function serversOf(...weights: number[]): Server[] {
  return weights.map((weight, i) => ({ address: `10.0.0.${i + 1}`, port: 80, weight }));
}

const add = ({ address, weight }: Server): string => `-a -r ${address} -i -w ${weight}`;
const weigh = ({ address }: Server, weight: number): string => `-e -r ${address} -i -w ${weight}`;
const remove = ({ address }: Server): string => `-d -r ${address}`;

/** Makes a service, edits its servers with ipvsadm, sends the flows. @returns the kernel's choices, in the flows' order */
async function chosenByKernel(
  service: number,
  scheduler: string,
  edits: readonly string[],
  flows: readonly Flow[],
): Promise<(string | undefined)[]> {
  const lines = [`-A ${scheduler}`, ...edits].map((edit) =>
    edit.replace(/^-\w/, (verb) => `${verb} -t ${vip(service)}:80`),
  );
  await script(host, ["ip netns exec l4 ipvsadm -R <<'END'", ...lines, 'END']);
  const [chosen] = await sendFlows(host, ['l4'], { vip: vip(service), port: 80 }, flows);
  return flows.map((flow) => chosen?.get(nameOf(flow)));
}

/** @param servers in the order of adding, with the weights they have in the end */
function chosenByTable(servers: readonly Server[], flows: readonly Flow[]): (string | undefined)[] {
  const table = buildTable(servers);
  return flows.map(({ address, port }) => servers[lookup(table, address, port) ?? -1]?.address);
}

/** Flows on which both agree. */
function agreement(kernel: readonly (string | undefined)[], oracle: readonly (string | undefined)[]): number {
  return kernel.filter((server, i) => server !== undefined && server === oracle[i]).length;
}

test('10,000 flows go where the table says, all of them', async () => {
  const servers = serversOf(1, 1, 1);
  const flows = flowsOf(10_000);
  const kernel = await chosenByKernel(1, mh, servers.map(add), flows);
  expect(agreement(kernel, chosenByTable(servers, flows))).toBe(10_000);
  // A table that is only a little different is found out.
  const other = chosenByTable(serversOf(1, 1, 2), flows);
  expect(agreement(kernel, other)).toBeLessThan(9000);
});

test.each([
  ['small ones', 10, [1, 2, 4, 8, 3]],
  ['large ones, which are cut to a few bits', 11, [100, 200, 300, 7]],
  ['some with a common divisor', 12, [20, 40, 10]],
  ['a server that was added with none', 13, [0, 5, 5]],
  ['forty alike', 14, Array.from({ length: 40 }, () => 1)],
])('weights count as they do in the kernel: %s', async (_, service, weights) => {
  const servers = serversOf(...weights);
  const flows = flowsOf(2000);
  const kernel = await chosenByKernel(service, mh, servers.map(add), flows);
  expect(agreement(kernel, chosenByTable(servers, flows))).toBe(2000);
});

test('a server of weight 0 keeps its place: its flows go elsewhere, the others stay, and all is as before when it is back', async () => {
  const servers = serversOf(1, 1, 1);
  const [a, b, c] = servers as [Server, Server, Server];
  const flows = flowsOf(2000);
  const away = await chosenByKernel(20, mh, [...servers.map(add), weigh(b, 0)], flows);
  const back = await chosenByKernel(21, mh, [...servers.map(add), weigh(b, 0), weigh(b, 1)], flows);
  expect(agreement(away, chosenByTable([a, withWeight(b, 0), c], flows))).toBe(2000);
  expect(agreement(back, chosenByTable([a, withWeight(withWeight(b, 0), 1), c], flows))).toBe(2000);
  const moved = flows.filter((_, i) => away[i] !== back[i]);
  expect(moved).toEqual(flows.filter((_, i) => back[i] === b.address));
  // keepalived adds its servers with weight 0 and raises it after the first check.
  const raised = [
    ...servers.map((server) => add({ ...server, weight: 0 })),
    ...[c, a, b].map((server) => weigh(server, 1)),
  ];
  expect(agreement(await chosenByKernel(22, mh, raised, flows), back)).toBe(2000);
});

test('another order of insertion is another table, and so is deleting a server and adding it again', async () => {
  const servers = serversOf(...Array.from({ length: 40 }, () => 1));
  const [first, ...others] = servers as [Server, ...Server[]];
  const flows = flowsOf(10_000);
  const canonical = chosenByTable(servers, flows);
  const reversed = [...servers].reverse();
  const edits: readonly [number, string[], Server[]][] = [
    [30, reversed.map(add), reversed],
    [31, [...servers.map(add), remove(first), add(first)], [...others, first]],
  ];
  for (const [service, edit, order] of edits) {
    const kernel = await chosenByKernel(service, mh, edit, flows);
    expect(agreement(kernel, chosenByTable(order, flows))).toBe(10_000);
    const drifted = 1 - agreement(kernel, canonical) / flows.length;
    const foretold = shareOfDifference(
      buildTable(servers),
      buildTable(order),
      (i, j) => servers[i]?.address === order[j]?.address,
    );
    // The tables differ less than one may think: reversed, 40 servers disagree on 2 % of the flows (3 servers: on 0.1 %).
    expect(drifted).toBeGreaterThan(0);
    expect(Math.abs(drifted - foretold)).toBeLessThan(0.005);
  }
});

test('source hashing chooses as the kernel does, with a server away too', async () => {
  const servers = serversOf(1, 3, 2);
  const [a, b, c] = servers as [Server, Server, Server];
  const flows = flowsOf(2000);
  const chosen = (list: readonly Server[]): (string | undefined)[] => {
    const table = buildSourceTable(list);
    return flows.map(({ address, port }) => list[lookupSource(table, address, port) ?? -1]?.address);
  };
  const all = await chosenByKernel(40, sh, servers.map(add), flows);
  const away = await chosenByKernel(41, sh, [...servers.map(add), weigh(b, 0)], flows);
  expect(agreement(all, chosen(servers))).toBe(2000);
  expect(agreement(away, chosen([a, withWeight(b, 0), c]))).toBe(2000);
});

test('a router says where flows go, and its answers foretell where they go when next hops are gone', async () => {
  const nodes = ['l4-1', 'l4-2', 'l4-3', 'l4-4'];
  const address = (i: number): string => `192.0.2.${18 + 4 * i}`;
  const ports = [80, 81, 82, 83];
  await script(host, [
    ...behind(clients, 'r', ['192.0.2.9', '192.0.2.10']),
    `ip -n ${clients} route replace 198.51.100.0/24 via 192.0.2.10`,
    ...nodes.flatMap((name, i) => [
      ...behind('r', name, [`192.0.2.${17 + 4 * i}`, address(i)]),
      ...balancer(name),
      ...ports.flatMap((port) => [
        `ip netns exec ${name} ipvsadm -A -t ${vip(1)}:${port} -s rr`,
        `ip netns exec ${name} ipvsadm -a -t ${vip(1)}:${port} -r 10.0.0.1 -i`,
      ]),
    ]),
  ]);
  const route = async (gone: ReadonlySet<string>, fields: number): Promise<void> => {
    const hops = nodes.flatMap((name, i) => (gone.has(name) ? [] : [`nexthop via ${address(i)}`]));
    await script(host, [
      `ip netns exec r sysctl -q -w net.ipv4.fib_multipath_hash_policy=3 net.ipv4.fib_multipath_hash_fields=${fields}`,
      `ip -n r route replace 198.51.100.0/24 ${hops.join(' ')}`,
    ]);
  };
  /** Where the packets of the flows really come out. */
  const sentTo = async (flows: readonly Flow[], port: number): Promise<string[]> => {
    const carried = await sendFlows(host, nodes, { vip: vip(1), port }, flows);
    return flows.map((flow) => nodes.filter((_, i) => carried[i]?.has(nameOf(flow))).join(' and '));
  };
  const said = async (flows: readonly Flow[], vipPort: number): Promise<(string | undefined)[]> => {
    const asked = flows.map((flow) => ({ ...flow, vip: vip(1), vipPort }));
    const answers = await askRouters(
      (router, argv, options) => host.exec(['ip', 'netns', 'exec', router, ...argv], options),
      [{ router: 'r', interface: 'cable' }],
      asked,
    );
    return (answers.get('r') ?? []).map((hop) => nodes[nodes.findIndex((_, i) => address(i) === hop)]);
  };

  for (const fields of [0x37, 0x35]) {
    await route(new Set(), fields);
    const flows = flowsOf(1000, `mask ${fields}`);
    const answers = await said(flows, 80);
    expect(agreement(await sentTo(flows, 80), answers)).toBe(1000);
    for (const name of nodes) expect(answers.filter((answer) => answer === name).length).toBeGreaterThan(150);
  }

  // Without the service's port in the mask, each port is a fresh look at the same hash: IPVS forgets no flow.
  const flows = flowsOf(2000, 'next hops gone');
  await route(new Set(), 0x13);
  const before = await said(flows, 80);
  const fabric: Fabric = {
    start: 'r',
    hops: new Map([['r', nodes]]),
    fixed: new Map(),
    tellers: new Map(),
    ends: new Set(nodes),
  };
  const told = await askParts(
    (router, argv, options) => host.exec(['ip', 'netns', 'exec', router, ...argv], options),
    clients,
    [{ router: 'r', mask: 0x13, parts: 12 }],
    flows.map((flow) => ({ ...flow, vip: vip(1), vipPort: 80 })),
  );
  const parts = told.get('r') ?? [];
  for (const [i, gone] of [new Set(['l4-4']), new Set(['l4-2']), new Set(['l4-1', 'l4-3'])].entries()) {
    await route(gone, 0x13);
    const after = await sentTo(flows, 81 + i);
    const chances = before.map((hop) => chanceOf(fabric, gone, hop));
    // Asked for its hash as well, the router has said it all: of four, three or two next hops, each is known before.
    const known = before.map((hop, j) => chanceOf(fabric, gone, hop, { part: parts[j] ?? 0, of: 12 }));
    expect(known.map((each) => [...each.keys()])).toEqual(after.map((hop) => [hop]));
    const impossible = flows.filter((_, j) => (chances[j]?.get(after[j] ?? '') ?? 0) === 0);
    expect(impossible).toEqual([]);
    expect(chances.filter((each) => each.size === 1).length).toBeGreaterThan(0);
    for (const name of nodes) {
      const expected = chances.reduce((sum, each) => sum + (each.get(name) ?? 0), 0);
      expect(Math.abs(after.filter((each) => each === name).length - expected)).toBeLessThan(100);
    }
  }
});

test.each(['route', 'static', 'resilient'] as const)(
  'a router that was gone and boots sends flows where it did before, with next hops of kind %s',
  async (kind) => {
    const flows = flowsOf(300, `boots ${kind}`);
    await boot(host, kind, 0x37);
    const said = await isSaidOf(host, flows);
    expect(await comesOutAt(host, flows)).toEqual(said);
    for (const name of behindIt) expect(said.filter((each) => each === name).length).toBeGreaterThan(40);
    await boot(host, kind, 0x37);
    expect(await comesOutAt(host, flows)).toEqual(said);
    // With another mask it is another router.
    await boot(host, kind, 0x13);
    expect(agreement(await isSaidOf(host, flows), said)).toBeLessThan(150);
  },
);

test('a plain group gives flows to others as its hash says, and those of one that answers no ARP to the next', async () => {
  const flows = flowsOf(1000, 'a plain group');
  await boot(host, 'static', 0x37);
  const before = await isSaidOf(host, flows);
  const told = await askParts(
    (node, argv, options) => host.exec(['ip', 'netns', 'exec', node, ...argv], options),
    clients,
    [{ router: bootedRouter, mask: 0x37, parts: 12 }],
    toVip(flows),
  );
  const parts = told.get(bootedRouter) ?? [];
  expect(before).toEqual(parts.map((part) => behindIt[Math.floor(part / 3)]));
  // Nobody is moved but those of the dead one, and they all go to one other: that is no new division of the range.
  await neighbourIs(host, 1, 'failed');
  expect(await isSaidOf(host, flows)).toEqual(before.map((hop) => (hop === 'b-2' ? 'b-3' : hop)));
  await neighbourIs(host, 1, 'reachable');
  expect(await isSaidOf(host, flows)).toEqual(before);
  await boot(host, 'static', 0x37);
  await group(host, 'static', [0, 2, 3]);
  const thirds = parts.map((part) => ['b-1', 'b-3', 'b-4'][Math.floor(part / 4)]);
  expect(await comesOutAt(host, flows)).toEqual(thirds);
});

test('IPv6 connections go where the kernel said for each mask, in a namespace that never saw them', async () => {
  await layOut(host);
  for (const mask of [0x37, 0x35, 0x13]) {
    const flows = sixFlows(300).map(({ address, port }) => ({ address, port: port + mask }));
    const told = await askParts(
      (node, argv, options) => host.exec(['ip', 'netns', 'exec', node, ...argv], options),
      sixRouter,
      // Of seconds and thirds the sixths say it.
      [{ router: sixRouter, mask, parts: 6 }],
      asked(flows),
    );
    const parts = told.get(sixRouter) ?? [];
    expect(await endsOf(host, flows, mask)).toEqual(parts.map((part) => sixHops[Math.floor(part / 2)]));
    expect(new Set(parts).size).toBe(6);
  }
});

/** Probabilities of the nodes where a flow comes out without the ones that are gone. */
function chanceOf(
  fabric: Fabric,
  gone: ReadonlySet<string>,
  hop: string | undefined,
  part?: Part,
): Map<string, number> {
  const chances = new Map<string, number>();
  const stages = [new Set<string>(), gone].map((each) => ({ fabric, gone: each }));
  const knowledge = {
    ...(hop === undefined ? {} : { hops: { r: hop } }),
    ...(part === undefined ? {} : { parts: { r: part } }),
  };
  for (const { probability, ways } of outcomes(stages, knowledge)) {
    const end = ways[1]?.at(-1) ?? '';
    chances.set(end, (chances.get(end) ?? 0) + probability);
  }
  return chances;
}
