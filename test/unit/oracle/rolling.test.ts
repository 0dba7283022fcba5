/** What is foretold of drains, of actions that go over a tier, and of next hops that somebody takes out. */
import { expect, test } from 'vitest';
import type { ForetoldFlow, KnownWay } from '../../../src/oracle/index.ts';
import { planOf, threeTier } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';
import { foretold, heal, inject, rolling, withOptions } from './timeline.ts';

const plan = await threeTier();
const held = heldTraffic(300);
const all = held.flows.map(({ flow }) => flow);
const none = { must: [], may: [], unsaid: [], least: 0, most: 0 };
const upgrade = ['drain', 'node.restart', 'undrain'];

const said = ({ flow }: ForetoldFlow): KnownWay => {
  const l4 = `l4-${1 + (flow % 2)}`;
  return { hops: { edge: `r-${1 + (flow % 2)}`, 'r-1': l4, 'r-2': l4 } };
};

test('balancers and routers that are drained one after another break nobody', () => {
  const { entries, sets } = foretold([rolling('l4', upgrade)], plan, held, said);
  expect(entries.map(({ name, action }) => `${name} ${action}`)).toEqual([
    'roll-l4-1-drain drain',
    'roll-l4-1-node.restart inject',
    'roll-l4-1-node.restart boot',
    'roll-l4-1-undrain undrain',
    'roll-l4-2-drain drain',
    'roll-l4-2-node.restart inject',
    'roll-l4-2-node.restart boot',
    'roll-l4-2-undrain undrain',
  ]);
  expect(sets[0]?.broken).toEqual(none);
  // Drained, so it carries nobody when it is restarted.
  expect(entries.map(({ byTraffic: [one] }) => one?.exposed.most)).toEqual([150, 0, 0, 0, 150, 0, 0, 0]);
  expect(foretold([rolling('r', upgrade)], plan, held, said).sets[0]?.broken).toEqual(none);
  expect(entries.flatMap(({ why }) => why).join()).not.toContain('any may break');
});

test('without sloppy_tcp all flows break in turn, with rr those that get another proxy by chance', () => {
  const strict = withOptions(plan, 'ipvs', { sloppy_tcp: false });
  const { total, entries } = foretold([rolling('l4', upgrade)], strict, held, said);
  expect(total[0]).toMatchObject({ must: all, may: [] });
  expect(entries[0]?.byTraffic[0]?.must).toEqual(all.filter((flow) => flow % 2 === 0));
  const byTurns = withOptions(plan, 'ipvs', { scheduler: 'rr' });
  const { broken } = foretold([rolling('l4', upgrade)], byTurns, held, said).sets[0] ?? {};
  expect(broken).toMatchObject({ must: [], unsaid: [] });
  expect(broken?.least).toBeGreaterThan(150);
});

test('proxies that are restarted take their flows along; those that hold connections are never done draining', () => {
  const restarted = foretold([rolling('l7', ['node.restart'])], plan, held, said);
  expect(restarted.total[0]).toMatchObject({ must: all, may: [] });
  const drained = foretold([rolling('l7', upgrade)], plan, held, said);
  expect(drained.entries.map(({ name }) => name)).toEqual(['roll-l7-1-drain']);
  expect(drained.entries[0]?.why.join()).toContain('cannot be drained');
  expect(drained.sets[0]?.broken).toEqual(none);
});

test('two at a time are away together', () => {
  const { entries } = foretold([rolling('l4', ['node.restart'], 2)], plan, held, said);
  expect(entries.map(({ targets }) => targets)).toEqual([
    ['l4-1', 'l4-2'],
    ['l4-1', 'l4-2'],
  ]);
});

test('VIPs that are withdrawn take flows elsewhere as a drain does', () => {
  const withdraw = inject('vip.withdraw', 'l4-1', 2000);
  const even = all.filter((flow) => flow % 2 === 0);
  expect(foretold([withdraw], plan, held, said).sets).toMatchObject([
    { broken: none, moved: { must: even } },
  ]);
  const strict = withOptions(plan, 'ipvs', { sloppy_tcp: false });
  expect(foretold([withdraw], strict, held, said).total[0]).toMatchObject({ must: even, may: [] });
});

const fixed = await planOf('fixed-next-hops');
/** By r-1, which has l4-1 to l4-4 for a quarter each; r-2 would have another one. */
const quarters = ({ flow }: ForetoldFlow): KnownWay => ({
  hops: { edge: 'r-1', 'r-1': `l4-${1 + (flow % 4)}`, 'r-2': `l4-${1 + ((flow + 1) % 4)}` },
});
const on = (n: number): number[] => all.filter((flow) => flow % 4 === n - 1);
const remove = inject('router.nexthop', 'r', 2000, { remove: 'l4-2' });

test('a next hop that leaves a resilient group takes along its own flows, and none comes back with it', () => {
  const { sets } = foretold([remove, heal(remove, 12_000)], fixed, held, quarters);
  expect(sets).toMatchObject([{ broken: none, moved: { must: on(2), may: [], unsaid: [] } }]);
  // Only on the router by which they do not come.
  const other = { ...remove, target: 'r-2' };
  expect(foretold([other], fixed, held, quarters).sets[0]?.moved).toEqual(none);
});

test('buckets that are idle between two heartbeats may go to the next hop that comes back', () => {
  const slow = withOptions(fixed, 'bird', { idle_timer: '2s' });
  const { sets, entries } = foretold([remove, heal(remove, 12_000)], slow, held, quarters);
  expect(sets[0]?.moved).toMatchObject({ must: on(2), unsaid: all.filter((flow) => !on(2).includes(flow)) });
  expect(entries[1]?.why.join()).toContain('may be idle');
});

test('in a plain group the borders shift: a third of one that stays moves too', () => {
  const plain = withOptions(fixed, 'bird', { next_hops: 'static' });
  const { moved } = foretold([remove, heal(remove, 12_000)], plain, held, quarters).sets[0] ?? {};
  // Of four quarters 2/4–3/4 was l4-3's; of three thirds l4-4's begins at 2/3.
  expect(moved).toMatchObject({ must: on(2), may: on(3), unsaid: [] });
  const margin = 3.3 * Math.sqrt(75 * (2 / 9));
  expect([moved?.least, moved?.most]).toEqual([Math.floor(100 - margin), Math.ceil(100 + margin)]);
});

test('without sloppy_tcp who moves breaks, and nobody else', () => {
  const strict = withOptions(fixed, 'ipvs', { sloppy_tcp: false });
  const { total } = foretold([remove, heal(remove, 12_000)], strict, held, quarters);
  expect(total[0]).toMatchObject({ must: on(2), may: [] });
});

const dies = inject('node.crash', 'l4-2', 2000);

test('a group that is fixed goes on sending to the dead: its flows break, unless somebody takes it out in time', () => {
  const { sets, entries } = foretold([dies, heal(dies, 20_000)], fixed, held, quarters);
  expect(sets).toMatchObject([{ broken: { must: on(2), may: [], unsaid: [] }, moved: none }]);
  expect(entries[0]?.why.join()).toContain('next hops are fixed');
  const repair = { ...remove, atMs: 3000 };
  expect(foretold([dies, repair], fixed, held, quarters).sets).toMatchObject([
    { broken: none, moved: { must: on(2), may: [], unsaid: [] } },
  ]);
  const late = { ...remove, atMs: 9000 };
  expect(foretold([dies, late], fixed, held, quarters).sets[0]?.broken.must).toEqual(on(2));
  // It comes back empty, at once, and has the table of the others.
  const blink = [dies, heal(dies, 3000)];
  expect(foretold(blink, fixed, held, quarters).sets).toMatchObject([{ broken: none, moved: none }]);
});

test('a plain group may notice, sooner or later: of the flows of the dead nothing can be said, and of no other anything bad', () => {
  const plain = withOptions(fixed, 'bird', { next_hops: 'static' });
  const { sets } = foretold([dies], plain, held, quarters);
  expect(sets).toMatchObject([{ broken: { must: [], unsaid: on(2) }, moved: { must: [], unsaid: on(2) } }]);
});

test('a VIP that is withdrawn moves nobody where next hops are fixed: it is served all the same', () => {
  const withdrawn = inject('vip.withdraw', 'l4-2', 2000);
  expect(foretold([withdrawn], fixed, held, quarters).sets).toMatchObject([{ broken: none, moved: none }]);
});

test('a router with fixed next hops that dies hands its flows to the other, and gets them back with the buckets of the first day', () => {
  const gone = inject('node.crash', 'r-1', 2000);
  const { sets } = foretold([gone, heal(gone, 20_000)], fixed, held, quarters);
  expect(sets).toMatchObject([{ broken: none, moved: { must: all, may: [], unsaid: [] } }]);
});
