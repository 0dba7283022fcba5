import { expect, test } from 'vitest';
import { expectedWays } from '../../../src/kinds/bird/ways.ts';
import type { Plan } from '../../../src/topology/types.ts';
import { nodeOf, threeTier } from './three-tier.ts';

const plan = await threeTier();

/** `prefix via nodes`, as one line each. */
function ways(name: string, where: Plan = plan): string[] {
  return expectedWays(nodeOf(where, name), where)
    .map(({ prefix, nextHops }) => `${prefix} via ${nextHops.map(({ node }) => node).join(', ')}`)
    .sort();
}

test('a router should reach the VIP through every L4 node, and clients through the upstream node', () => {
  expect(ways('r-2')).toEqual([
    '192.0.2.0/28 via edge',
    '198.51.100.1/32 via l4-1, l4-2',
    '203.0.113.0/24 via edge',
  ]);
});

test('the upstream node should reach the VIP through every router', () => {
  expect(ways('edge')).toEqual(['198.51.100.1/32 via r-1, r-2']);
});

test('speakers should reach the clients through every router, and learn no VIP', () => {
  const back = ['192.0.2.0/28 via r-1, r-2', '203.0.113.0/24 via r-1, r-2'];
  expect(ways('l7-1')).toEqual(back);
  expect(ways('l4-1')).toEqual(back);
});

test('an L4 node that serves nothing is no next hop', () => {
  const nodes = plan.nodes.map((node) => (node.name === 'l4-1' ? { ...node, services: [] } : node));
  expect(ways('r-1', { ...plan, nodes })).toContain('198.51.100.1/32 via l4-2');
});

test('nodes without BGP expect nothing', () => {
  expect(ways('client')).toEqual([]);
  expect(ways('web-1')).toEqual([]);
});
