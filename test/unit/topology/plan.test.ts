import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { parseDocument } from '../../../src/topology/document.ts';
import {
  describePlan,
  loadTopology,
  type Plan,
  type PlannedNode,
  planTopology,
} from '../../../src/topology/index.ts';
import { topologyOf } from '../../../src/topology/load.ts';
import { expectGolden } from './golden.ts';

const threeTier = join(import.meta.dirname, '../../../topologies/three-tier.yaml');
const golden = join(import.meta.dirname, '../../golden/plan');
const planOf = (text: string): Plan =>
  planTopology(topologyOf(parseDocument(text, 'test.yaml'), kindTable), kindTable);

function node(plan: Plan, name: string): PlannedNode {
  const found = plan.nodes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no node ${name} in the plan`);
  return found;
}

const small = `
name: small
services:
  web: {vip: 198.51.100.1, port: 80}
networks:
  up-net: {subnet: 192.0.2.0/26}
  fabric: {subnet: 192.0.2.128/25}
  servers: {subnet: 10.1.0.0/24}
nodes:
  client: {kind: client, networks: [up-net], sources: 203.0.113.0/24}
  r: {kind: bird, count: 2, asn: 65000, networks: [up-net, fabric]}
  l4: {kind: ipvs, count: 1, networks: [fabric], serves: [web], to: l7}
  l7: {kind: haproxy, count: 2, networks: [fabric, servers], serves: [web], to: web}
  web: {kind: web, networks: [servers]}
`;

test('the plan of three-tier is the one on record, as data and as tables', async () => {
  const plan = planTopology(await loadTopology(threeTier, kindTable), kindTable);
  // The kinds' own options are not of this stage: a default that changes there changes nothing here.
  const own = { ...plan, nodes: plan.nodes.map(({ options: _, ...node }) => node) };
  expectGolden(join(golden, 'three-tier.json'), `${JSON.stringify(own, null, 2)}\n`);
  expectGolden(join(golden, 'three-tier.txt'), describePlan(plan, kindTable));
});

test('a topology may have a name longer than an interface, and one that an interface may not have', () => {
  const long = 'two-tiers-behind-routers-that-reflect-it';
  expect(long).toHaveLength(40);
  for (const name of [long, 'up'])
    expect(planOf(small.replace('name: small', `name: ${name}`))).toMatchObject({ name });
});

test('nodes are numbered as soon as a count is written, even 1', () => {
  expect(planOf(small).nodes.map(({ name }) => name)).toEqual([
    'client',
    'r-1',
    'r-2',
    'l4-1',
    'l7-1',
    'l7-2',
    'web',
  ]);
});

test('addresses are handed out in the order of the file, from the first host on', () => {
  const plan = planOf(small);
  expect(
    plan.nodes.flatMap(({ interfaces }) => interfaces.map(({ network, address }) => `${network} ${address}`)),
  ).toEqual([
    'up-net 192.0.2.1',
    'up-net 192.0.2.2',
    'fabric 192.0.2.129',
    'up-net 192.0.2.3',
    'fabric 192.0.2.130',
    'fabric 192.0.2.131',
    'fabric 192.0.2.132',
    'servers 10.1.0.1',
    'fabric 192.0.2.133',
    'servers 10.1.0.2',
    'servers 10.1.0.3',
  ]);
});

test('MACs are locally administered, unicast and unique', () => {
  const macs = planOf(small).nodes.flatMap(({ interfaces }) => interfaces.map(({ mac }) => mac));
  expect(new Set(macs).size).toBe(macs.length);
  for (const mac of macs) expect(mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
});

test('nodes appended at the end change nothing of those before them but their sessions', () => {
  const before = planOf(small);
  const after = planOf(`${small}  r2: {kind: bird, count: 3, asn: 65001, networks: [fabric]}\n`);
  const kept = ({ interfaces, asn, hashFields }: PlannedNode) => ({ interfaces, asn, hashFields });
  for (const each of before.nodes) expect(kept(node(after, each.name))).toEqual(kept(each));
});

test('a network has room for the tunnels that cross it, unless its MTU is written', () => {
  const mtus = (plan: Plan): number[] => plan.networks.map(({ mtu }) => mtu);
  expect(mtus(planOf(small))).toEqual([1500, 1520, 1500]);
  expect(mtus(planOf(small.replace('192.0.2.128/25}', '192.0.2.128/25, mtu: 1400}')))).toEqual([
    1500, 1400, 1500,
  ]);
});

test('routers have sessions with other groups on their networks, speakers only with routers', () => {
  const plan = planOf(small);
  const peers = (name: string): string[] =>
    node(plan, name).peers.map((peer) => `${peer.node} ${peer.localAddress} ${peer.address}`);
  expect(peers('r-1')).toEqual([
    'l4-1 192.0.2.129 192.0.2.131',
    'l7-1 192.0.2.129 192.0.2.132',
    'l7-2 192.0.2.129 192.0.2.133',
  ]);
  expect(peers('l7-1')).toEqual(['r-1 192.0.2.132 192.0.2.129', 'r-2 192.0.2.132 192.0.2.130']);
  expect(peers('client')).toEqual([]);
  expect(peers('web')).toEqual([]);
});

test('every session is seen alike from both of its ends', async () => {
  const { nodes } = planTopology(await loadTopology(threeTier, kindTable), kindTable);
  const ends = nodes.flatMap(({ name, asn, peers }) => peers.map((peer) => ({ name, asn, peer })));
  expect(ends.length).toBeGreaterThan(0);
  for (const { name, asn, peer } of ends) {
    const back = ends.filter((end) => end.name === peer.node && end.peer.node === name);
    expect(back).toMatchObject([
      { asn: peer.asn, peer: { asn, address: peer.localAddress, localAddress: peer.address } },
    ]);
  }
});

test('a group without an AS gets a private one, the same for all its nodes and no other group', () => {
  const plan = planOf(small.replace('asn: 65000', 'asn: 4200000003'));
  expect(node(plan, 'l7-1').asn).toBe(node(plan, 'l7-2').asn);
  const asns = ['r-1', 'l4-1', 'l7-1'].map((name) => node(plan, name).asn);
  expect(new Set(asns).size).toBe(3);
  expect(node(plan, 'web')).not.toHaveProperty('asn');
});

test('a node without BGP has its default by the first router it meets, and routers know the way to its sources', () => {
  const plan = planOf(small);
  expect(node(plan, 'client').routes).toEqual([{ to: 'default', via: '192.0.2.2', interface: 'up-net' }]);
  expect(node(plan, 'r-2').routes).toEqual([{ to: '203.0.113.0/24', via: '192.0.2.1', interface: 'up-net' }]);
  expect(node(plan, 'l7-1').routes).toEqual([]);
  expect(node(plan, 'web').routes).toEqual([]);
});

test('the sources of several clients are shared out among them', () => {
  const plan = planOf(small.replace('{kind: client,', '{kind: client, count: 3,'));
  const sources = plan.nodes.filter(({ kind }) => kind === 'client').map((client) => client.sources);
  expect(sources).toEqual(['203.0.113.0/26', '203.0.113.64/26', '203.0.113.128/26']);
  expect(node(plan, 'r-1').routes.map(({ to, via }) => `${to} ${via}`)).toEqual([
    '203.0.113.0/26 192.0.2.1',
    '203.0.113.64/26 192.0.2.2',
    '203.0.113.128/26 192.0.2.3',
  ]);
});

test('each router hashes in its own way, always over the source port, and starts over after the last mask', () => {
  const plan = planOf(small.replace('count: 2, asn: 65000', 'count: 17, asn: 65000'));
  const masks = plan.nodes.filter(({ kind }) => kind === 'bird').map(({ hashFields }) => hashFields);
  expect(masks[0]).toBe(0x37);
  expect(masks[16]).toBe(0x37);
  expect(new Set(masks.slice(0, 16)).size).toBe(16);
  for (const mask of masks) expect(mask & 0x10).toBe(0x10);
  for (const mask of masks.slice(0, 8)) expect(mask & 0x01).toBe(0x01);
  expect(node(plan, 'l4-1').hashFields).toBe(0x37);
});

test('tiers count from the clients, and a chain goes on where its nodes share a network', () => {
  const tiers = planOf(small).nodes.map(({ name, tier }) => [name, tier]);
  expect(tiers).toEqual([
    ['client', 0],
    ['r-1', 1],
    ['r-2', 1],
    ['l4-1', 2],
    ['l7-1', 3],
    ['l7-2', 3],
    ['web', 4],
  ]);
});

test('backends sharing the first network do not shorten the way to them', () => {
  const flat = small.replaceAll(/networks: \[[^\]]*\]/g, 'networks: [fabric]');
  expect(planOf(flat).nodes.map(({ name, tier }) => `${name} ${tier}`)).toEqual([
    'client 0',
    'r-1 1',
    'r-2 1',
    'l4-1 1',
    'l7-1 2',
    'l7-2 2',
    'web 3',
  ]);
});

test('balancers know their targets, and those their senders, on the network they share', () => {
  const plan = planOf(small);
  expect(node(plan, 'l4-1').targets).toEqual([
    { node: 'l7-1', address: '192.0.2.132' },
    { node: 'l7-2', address: '192.0.2.133' },
  ]);
  expect(node(plan, 'l7-2').senders).toEqual([{ node: 'l4-1', kind: 'ipvs', address: '192.0.2.131' }]);
  expect(node(plan, 'l7-2').targets).toEqual([{ node: 'web', address: '10.1.0.3' }]);
  expect(node(plan, 'web').senders.map(({ address }) => address)).toEqual(['10.1.0.1', '10.1.0.2']);
});

test('backends answer the services whose chain ends at them', () => {
  const plan = planOf(small);
  for (const name of ['l4-1', 'l7-1', 'web'])
    expect(node(plan, name).services.map((service) => service.name)).toEqual(['web']);
  expect(node(plan, 'r-1').services).toEqual([]);
});

test("a kind's options have their defaults", () => {
  expect(node(planOf(small), 'l4-1').options).toMatchObject({ scheduler: 'mh', sloppy_tcp: true });
});

test('a thousand nodes are planned in well under a second', () => {
  const groups = [
    '  l4a: {kind: ipvs, count: 198, networks: [fabric], serves: [web], to: l7a}',
    '  l7a: {kind: haproxy, count: 250, networks: [fabric, servers], serves: [web], to: wa}',
    '  wa: {kind: web, count: 250, networks: [servers]}',
    '  wb: {kind: web, count: 250, networks: [servers]}',
  ];
  const big = small
    .replace('192.0.2.128/25', '172.16.0.0/22')
    .replace('10.1.0.0/24', '10.1.0.0/22')
    .replace('count: 2, asn', 'count: 50, asn');
  const topology = topologyOf(parseDocument(`${big}${groups.join('\n')}\n`, 'big.yaml'), kindTable);
  const start = performance.now();
  const plan = planTopology(topology, kindTable);
  const took = performance.now() - start;
  expect(plan.nodes.length).toBeGreaterThan(1000);
  expect(took).toBeLessThan(1000);
});
