/** What is foretold of routers that were gone and come back, and of groups of next hops that are written down. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ForetoldFlow, KnownWay } from '../../../src/oracle/index.ts';
import { planOf, threeTier } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';
import { foretold, heal, inject, rolling, scale, withOptions } from './timeline.ts';

const plan = await threeTier();
const held = heldTraffic(300);
const all = held.flows.map(({ flow }) => flow);
const none = { must: [], may: [], unsaid: [], least: 0, most: 0 };
const exactly = (must: readonly number[]) => ({
  must,
  may: [],
  unsaid: [],
  least: must.length,
  most: must.length,
});

/** A third by r-1, which sends the even ones to l4-1; r-2 sends two of four there. */
const said = ({ flow }: ForetoldFlow): KnownWay => ({
  hops: {
    edge: flow % 3 === 0 ? 'r-1' : 'r-2',
    'r-1': `l4-${1 + (flow % 2)}`,
    'r-2': `l4-${1 + (Math.floor(flow / 2) % 2)}`,
  },
});
const onFirst = all.filter((flow) => flow % 3 === 0);
const differently = onFirst.filter((flow) => flow % 2 !== Math.floor(flow / 2) % 2);

const rows = readFileSync(new URL('recorded/router-comes-back.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => line.split(' '));

test('a router that was gone in a run got back exactly the flows that it had, and that was to be foretold', () => {
  const flows = rows.map(([flow, client = '']): ForetoldFlow => {
    const [address = '', port] = client.split(':');
    const number = { flow: Number(flow), port: Number(port) };
    return { traffic: 'held', ...number, address, service: 'web', client: 'client' };
  });
  const ways = new Map(
    rows.map(([, client = '', edge = '', first = '', second = '']): [string, KnownWay] => [
      client,
      { hops: { edge, 'r-1': first, 'r-2': second } },
    ]),
  );
  const crash = inject('node.crash', 'r-1', 2000);
  const { sets, entries } = foretold(
    [crash, heal(crash, 8000)],
    plan,
    { ...held, flows },
    ({ address, port }) => ways.get(`${address}:${port}`) ?? {},
  );
  const moved = rows.filter(([, , , , , before, away]) => before !== away).map(([flow]) => Number(flow));
  expect(moved.length).toBeGreaterThan(20);
  expect(sets).toMatchObject([{ broken: none, moved: exactly(moved) }]);
  expect(rows.filter(([, , , , , before, , back]) => before !== back)).toEqual([]);
  // Back to where they were: those who went away, and no other.
  expect(entries[1]?.byTraffic[0]?.moved).toEqual({ least: moved.length, most: moved.length });
});

test('with a router that comes back nobody moves who had not moved when it went', () => {
  const crash = inject('node.crash', 'r-1', 2000);
  const { sets, entries } = foretold([crash, heal(crash, 12_000)], plan, held, said);
  expect(sets).toMatchObject([{ broken: none, moved: exactly(differently) }]);
  expect(entries[1]?.why.join()).toContain('those before it lead to it when it knows its ways');
  // The same where it boots at once, though nobody knows whether it was away for long enough to be seen.
  const restart = inject('node.restart', 'r-1', 2000);
  expect(foretold([restart], plan, held, said).sets[0]?.moved).toMatchObject({
    must: [],
    unsaid: differently,
  });
});

test('a router that comes back takes its flows to a balancer that had joined meanwhile, as its hash says', () => {
  const crash = inject('node.crash', 'r-1', 1000);
  const timeline = [crash, scale('l4', 1, 8000), heal(crash, 20_000)];
  const parts = (flow: ForetoldFlow): KnownWay => {
    const part = { part: flow.flow % 6, of: 6 };
    const hop = part.part < 3 ? 'l4-1' : 'l4-2';
    return { hops: { edge: 'r-1', 'r-1': hop, 'r-2': hop }, parts: { 'r-1': part, 'r-2': part } };
  };
  const { entries } = foretold(timeline, plan, held, parts);
  const moving = all.filter((flow) => [2, 4, 5].includes(flow % 6)).length;
  // Both routers hash alike here: whoever moved on r-2 is where r-1 sends it.
  expect(entries.map(({ byTraffic: [one] }) => one?.moved.most)).toEqual([0, moving, 0]);
});

test('a router that is drained and put back loses none of its ways on the way', () => {
  const upgrade = ['drain', 'node.restart', 'undrain'];
  const { moved } = foretold([rolling('r-1', upgrade)], plan, held, said).sets[0] ?? {};
  expect(moved?.must.length).toBe(differently.length);
  expect(moved?.unsaid).toEqual([]);
});

test('one whose cable was pulled hears of its ways one after another: of its flows nothing is said, and why', () => {
  const pull = inject('link.down', 'r-1:fabric', 2000);
  const { sets, entries } = foretold([pull, heal(pull, 12_000)], plan, held, said);
  const others = onFirst.filter((flow) => !differently.includes(flow));
  expect(sets[0]?.moved).toMatchObject({ must: differently, may: [], unsaid: others });
  expect(entries[1]?.why.join()).toContain('one after another');
});

const fixed = await planOf('fixed-next-hops');
const quarters = ({ flow }: ForetoldFlow): KnownWay => ({
  hops: { edge: `r-${1 + (flow % 2)}`, 'r-1': `l4-${1 + (flow % 4)}`, 'r-2': `l4-${1 + (flow % 4)}` },
});

test.each(['resilient', 'static'])(
  'a router with a %s group of next hops has all of them when it boots',
  (kind) => {
    const of = withOptions(fixed, 'bird', { next_hops: kind });
    const router = (name: string) => of.nodes.find((node) => node.name === name);
    const edge = fixed.nodes.find(({ name }) => name === 'edge');
    const mixed = { ...of, nodes: of.nodes.map((node) => (node.name === 'edge' && edge ? edge : node)) };
    expect(router('r-1')?.options.next_hops).toBe(kind);
    const crash = inject('node.crash', 'r-1', 2000);
    const { sets } = foretold([crash, heal(crash, 20_000)], mixed, held, quarters);
    expect(sets).toMatchObject([{ broken: none, moved: none }]);
  },
);

test('flows wait behind a fixed group for a router that is gone, and come by any of its ways when it boots', () => {
  const bound = {
    ...plan,
    nodes: plan.nodes.map((node) =>
      node.name === 'edge' ? { ...node, options: { ...node.options, next_hops: 'static' } } : node,
    ),
  };
  const crash = inject('node.crash', 'r-1', 2000);
  expect(foretold([crash, heal(crash, 4000)], bound, held, said).sets).toMatchObject([
    { broken: { must: [], unsaid: onFirst }, moved: { must: [], unsaid: onFirst } },
  ]);
});

test('of a dead next hop of a plain group is said why nothing can be said, and nothing of one that is back at once', () => {
  const plain = withOptions(fixed, 'bird', { next_hops: 'static' });
  const dies = inject('node.crash', 'l4-2', 2000);
  const { entries } = foretold([dies], plain, held, quarters);
  expect(entries[0]?.why.join()).toContain('answers no ARP any more');
  const blink = foretold([dies, heal(dies, 4000)], plain, held, quarters);
  expect(blink.sets).toMatchObject([{ broken: none, moved: none }]);
});
