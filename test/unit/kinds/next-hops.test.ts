import { expect, test } from 'vitest';
import { expectedWays } from '../../../src/kinds/bird/ways.ts';
import { kinds } from '../../../src/kinds/index.ts';
import type { Plan, PlannedNode } from '../../../src/topology/types.ts';
import { nodeOf, planOf } from './three-tier.ts';

const resilient = await planOf('fixed-next-hops');
const plain = withNextHops(resilient, 'static');
const learned = withNextHops(resilient, 'bgp');
const paths = { files: '/files', linked: '/linked', run: '/run', programs: '/programs', node: '/node' };

const batch = (plan: Plan, name = 'r-1'): readonly string[] =>
  kinds.bird?.ipBatch(nodeOf(plan, name), plan) ?? [];
const birdConf = (plan: Plan, name = 'r-1'): string =>
  kinds.bird?.render(nodeOf(plan, name), plan, paths)['bird.conf'] ?? '';
const prefixes = (plan: Plan, name: string): string[] =>
  expectedWays(nodeOf(plan, name), plan).map(({ prefix }) => prefix);

test('a router with fixed next hops has a group of them for the VIP, in the order of their addresses', () => {
  const [first, second, third, fourth, ...rest] = batch(plain);
  const addresses = [1, 2, 3, 4].map((n) => nodeOf(plain, `l4-${n}`).interfaces[0]?.address);
  expect([first, second, third, fourth].map((line) => line?.replace(/ id \d+/, ''))).toEqual(
    addresses.map((address) => `nexthop add via ${address} dev fabric`),
  );
  expect(rest).toEqual(['nexthop add id 100000 group 2/3/4/5', 'route add 198.51.100.1/32 nhid 100000']);
});

test('a resilient group has its buckets and timers, in seconds', () => {
  expect(batch(resilient).at(-2)).toBe(
    'nexthop add id 100000 group 2/3/4/5 type resilient buckets 128 idle_timer 5 unbalanced_timer 0',
  );
});

test('where BGP brings the next hops there is no group', () => {
  expect(batch(learned)).toEqual([]);
  expect(batch(resilient, 'edge')).toEqual([]);
});

test('a router with fixed next hops hears of the VIP and passes it on, but gives the kernel no way of its own', () => {
  expect(birdConf(resilient)).toContain('export where source = RTS_BGP && !is_vip(); };');
  expect(birdConf(learned)).not.toContain('source = RTS_BGP && !is_vip()');
  const sessions = (text: string): string => text.slice(text.indexOf('protocol bfd'));
  expect(sessions(birdConf(resilient))).toBe(sessions(birdConf(learned)));
});

test('it is ready without having learned the VIP; upstream learns it all the same', () => {
  expect(prefixes(learned, 'r-1')).toContain('198.51.100.1/32');
  expect(prefixes(resilient, 'r-1')).not.toContain('198.51.100.1/32');
  expect(prefixes(resilient, 'edge')).toContain('198.51.100.1/32');
});

test('a node that fixed next hops lead to is not drained: nobody would turn away from it', () => {
  const refuse = (plan: Plan, name: string): string | undefined =>
    kinds[nodeOf(plan, name).kind]?.drain?.refuse?.(nodeOf(plan, name), plan);
  expect(refuse(resilient, 'l4-2')).toMatch(/^r-1, r-2 would go on sending to l4-2/);
  expect(refuse(learned, 'l4-2')).toBeUndefined();
  expect(refuse(resilient, 'r-1')).toBeUndefined();
  const upstream = withNextHops(resilient, 'static', 'edge');
  expect(refuse(upstream, 'r-1')).toMatch(/^edge would go on sending to r-1/);
});

function withNextHops(plan: Plan, next_hops: string, group = 'r'): Plan {
  const changed = (node: PlannedNode): PlannedNode =>
    node.group === group ? { ...node, options: { ...node.options, next_hops } } : node;
  return { ...plan, nodes: plan.nodes.map(changed) };
}
