/** A lab whose routers and balancers hear of each other through route reflectors. */
import { expect, test } from 'vitest';
import { neighboursOf } from '../../../src/kinds/bird/neighbours.ts';
import { expectedWays } from '../../../src/kinds/bird/ways.ts';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { neededBy, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import { topologyOfPlan } from '../../../src/topology/plan-origin.ts';
import { nodeOf } from './three-tier.ts';

const text = `
name: reflected
services:
  web: {vip: 198.51.100.1, port: 80}
networks:
  internet: {subnet: 192.0.2.0/28}
  transit: {subnet: 192.0.2.16/28}
  fabric: {subnet: 192.0.2.128/25}
  servers: {subnet: 10.1.0.0/24}
nodes:
  client: {kind: client, networks: [internet], sources: 203.0.113.0/24}
  rr: {kind: bird, count: 2, asn: 65000, networks: [fabric], reflects: [r, l4, l7]}
  edge: {kind: bird, asn: 64500, networks: [internet, transit]}
  r: {kind: bird, count: 2, asn: 65000, networks: [transit, fabric]}
  l4: {kind: ipvs, count: 2, networks: [fabric], serves: [web], to: l7}
  l7: {kind: haproxy, count: 2, networks: [fabric, servers], serves: [web], to: web, bfd: false}
  web: {kind: web, networks: [servers]}
`;
const plan = planTopology(topologyOf(parseDocument(text, 'reflected.yaml'), kindTable), kindTable);
const golden = new URL('../../golden/render/reflected/', import.meta.url).pathname;
const paths = { files: '/files', linked: '/linked', run: '/run', programs: '/programs', node: '/node' };
const peersOf = (name: string): string[] => nodeOf(plan, name).peers.map(({ node }) => node);
const hopsOf = (name: string): Record<string, string[]> =>
  Object.fromEntries(
    expectedWays(nodeOf(plan, name), plan).map(({ prefix, nextHops }) => [
      prefix,
      nextHops.map(({ node }) => node),
    ]),
  );

for (const name of ['rr-1', 'r-1', 'l4-1', 'l7-1']) {
  test(`the bird.conf of ${name} is as kept`, async () => {
    const node = nodeOf(plan, name);
    const file = kinds[node.kind]?.render(node, plan, paths)['bird.conf'];
    await expect(file).toMatchFileSnapshot(`${golden}${name}/bird.conf`);
  });
}

test('clients of reflectors have sessions with these alone, in their AS', () => {
  expect(peersOf('l4-1')).toEqual(['rr-1', 'rr-2']);
  expect(peersOf('r-1')).toEqual(['edge', 'rr-1', 'rr-2']);
  expect(peersOf('rr-1')).toEqual(['r-1', 'r-2', 'l4-1', 'l4-2', 'l7-1', 'l7-2']);
  expect(nodeOf(plan, 'l7-2').asn).toBe(65000);
});

test('next hops are as they would be without reflectors, which are none', () => {
  expect(hopsOf('r-1')).toEqual({
    '198.51.100.1/32': ['l4-1', 'l4-2'],
    '192.0.2.0/28': ['edge'],
    '203.0.113.0/24': ['edge'],
  });
  expect(hopsOf('edge')).toEqual({ '198.51.100.1/32': ['r-1', 'r-2'] });
  expect(hopsOf('l7-1')).toEqual({ '192.0.2.0/28': ['r-1', 'r-2'], '203.0.113.0/24': ['r-1', 'r-2'] });
  expect(hopsOf('rr-1')).toEqual({});
});

test('routers hear of each other and of all speakers, speakers of routers only, reflectors of nobody', () => {
  const heardOf = (name: string): string[] => neighboursOf(nodeOf(plan, name)).map(({ node }) => node);
  expect(heardOf('r-1')).toEqual(['edge', 'r-2', 'l4-1', 'l4-2', 'l7-1', 'l7-2']);
  expect(heardOf('l4-2')).toEqual(['r-1', 'r-2']);
  expect(heardOf('rr-2')).toEqual([]);
});

test('packets do not come by reflectors: they have no tier, forward nothing, and are nobody’s default route', () => {
  const rr = nodeOf(plan, 'rr-1');
  expect(rr.tier).toBeUndefined();
  expect(rr.routes).toEqual([]);
  expect(kinds.bird?.sysctls(rr, plan)).not.toHaveProperty('net/ipv4/ip_forward');
  expect(nodeOf(plan, 'r-1').tier).toBe(2);
});

test('the plan can be taken for its topology again', () => {
  expect(planTopology(topologyOfPlan(plan, kindTable), kindTable, plan)).toEqual(plan);
});

test('a balancer needs the reflectors by which others hear of it, and not their other clients', () => {
  expect(neededBy(nodeOf(plan, 'l4-1'), plan)).toEqual(['l7-1', 'web', 'l7-2', 'rr-1', 'rr-2']);
});
