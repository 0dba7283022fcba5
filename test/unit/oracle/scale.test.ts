/** What is foretold when nodes come and go for good. */
import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import type { ForetoldFlow, KnownWay } from '../../../src/oracle/index.ts';
import { plansOver } from '../../../src/scenario/index.ts';
import { planOf, threeTier } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';
import { differing, foretold, heal, inject, scale, withOptions } from './timeline.ts';

const plan = await threeTier();
const held = heldTraffic(600);
const { flows } = held;
const [, four = plan] = plansOver([scale('l7', 1, 0)], plan, kindTable);
const changed = differing(flows, plan, four);
const all = flows.map(({ flow }) => flow);
const none = { must: [], may: [], unsaid: [], least: 0, most: 0 };

/** The routers have said that flows with even numbers are on l4-1, the others on l4-2. */
const said = ({ flow }: ForetoldFlow): KnownWay => {
  const l4 = `l4-${1 + (flow % 2)}`;
  return { hops: { edge: 'r-1', 'r-1': l4, 'r-2': l4 } };
};

test('a proxy that joins breaks nobody, and a balancer that joins breaks nobody', () => {
  expect(foretold([scale('l7', 1, 1000)], plan, held, said).sets).toMatchObject([
    { broken: none, moved: none },
  ]);
  const { broken, moved } = foretold([scale('l4', 1, 1000)], plan, held, said).sets[0] ?? {};
  expect(broken).toEqual(none);
  expect(moved).toMatchObject({ must: [], may: all, unsaid: [] });
});

test('of three next hops in place of two each flow knows how probably it gets another one', () => {
  // The halves 0–1/2 and 1/2–1 of the hash become thirds: of the first half 1/3 moves, of the second 2/3.
  const { moved } = foretold([scale('l4', 1, 1000)], plan, held, said).sets[0] ?? {};
  const margin = 3.3 * Math.sqrt(600 * (1 / 3) * (2 / 3));
  expect(moved).toMatchObject({ least: Math.floor(300 - margin), most: Math.ceil(300 + margin) });
  // From the plan alone the same: half of all.
  const { least, most } = foretold([scale('l4', 1, 1000)], plan, held).sets[0]?.moved ?? {};
  expect([least, most]).toEqual([
    Math.floor(300 - 3.3 * Math.sqrt(600 / 4)),
    Math.ceil(300 + 3.3 * Math.sqrt(600 / 4)),
  ]);
});

test('both at once break whoever moves and has another place in the new table, and nobody else', () => {
  const { total, entries } = foretold([scale('l7', 1, 1000), scale('l4', 1, 2000)], plan, held, said);
  // A quarter for the new proxy, and a few that change hands besides.
  expect(changed.length).toBeGreaterThan(600 / 4 - 35);
  expect(changed.length).toBeLessThan(600 / 4 + 50);
  expect(entries[0]?.byTraffic[0]).toMatchObject({ must: [], may: [] });
  expect(total[0]).toMatchObject({ must: [], may: changed });
  const chance = (flow: number): number => (flow % 2 === 0 ? 1 / 3 : 2 / 3);
  const mean = changed.reduce((sum, flow) => sum + chance(flow), 0);
  const margin = 3.3 * Math.sqrt(changed.length * (2 / 9));
  expect(total[0]?.broken).toEqual({ least: Math.floor(mean - margin), most: Math.ceil(mean + margin) });
  expect(entries[1]?.why.join('\n')).toContain('breaks where they disagree');
});

test('the balancer first and the proxy when everybody is known there: nobody', () => {
  expect(foretold([scale('l4', 1, 1000), scale('l7', 1, 10_000)], plan, held, said).total[0]).toMatchObject({
    must: [],
    may: [],
  });
  // Too soon, and nobody knows whose heartbeat was in time.
  const soon = [scale('l4', 1, 1000), scale('l7', 1, 2000)];
  const [, , later = plan] = plansOver(soon, plan, kindTable);
  const { broken } = foretold(soon, plan, held, said).sets[0] ?? {};
  expect(broken).toMatchObject({ must: [], may: [], unsaid: differing(flows, plan, later), least: 0 });
});

test('a router that joins later takes flows to balancers that do not know them, as its hash will say', () => {
  const timeline = [scale('l7', 1, 1000), scale('r', 1, 10_000)];
  const bySecond = (flow: ForetoldFlow): KnownWay => ({ hops: { ...said(flow).hops, edge: 'r-2' } });
  const { sets } = foretold(timeline, plan, held, bySecond);
  expect(sets[0]?.broken).toMatchObject({ must: [], may: changed, unsaid: [] });
  expect(foretold(timeline.slice(1), plan, held, bySecond).sets[0]?.broken).toEqual(none);
  // Those of the first router go on by it or by the second, and to the same balancer.
  expect(foretold(timeline, plan, held, said).sets[0]?.broken).toEqual(none);
});

test('a balancer that leaves is drained: its flows move, and break only without sloppy_tcp', () => {
  const odd = all.filter((flow) => flow % 2 === 1);
  const leaving = [scale('l4', -1, 1000)];
  expect(foretold(leaving, plan, held, said).sets).toMatchObject([
    { broken: none, moved: { must: odd, may: [] } },
  ]);
  const strict = withOptions(plan, 'ipvs', { sloppy_tcp: false });
  expect(foretold(leaving, strict, held, said).total[0]).toMatchObject({ must: odd, may: [] });
});

test('a proxy cannot leave as long as connections end on it: nothing breaks, and the table stays', () => {
  const timeline = [scale('l7', -1, 1000), inject('node.crash', 'l4-1', 20_000)];
  const { entries, total } = foretold(timeline, plan, held, said);
  expect(entries[0]).toMatchObject({
    targets: ['l7-3'],
    why: [expect.stringContaining('cannot be drained')],
  });
  expect(total[0]).toMatchObject({ must: [], may: [] });
});

test('tables that are lost after a proxy has joined break exactly whom the new one places elsewhere', () => {
  const flush = inject('l4.flush', 'l4', 10_000);
  expect(foretold([scale('l7', 1, 1000), flush], plan, held).sets[0]?.broken).toEqual({
    must: changed,
    may: [],
    unsaid: [],
    least: changed.length,
    most: changed.length,
  });
  // Lost before, and learned again by the old one.
  const early = { ...flush, atMs: 1000 };
  expect(foretold([early, scale('l7', 1, 10_000)], plan, held).sets[0]?.broken).toEqual(none);
  expect(foretold([early, scale('l7', 1, 2000)], plan, held).sets[0]?.broken.unsaid).toEqual(changed);
});

test('a balancer that dies and comes back knows nobody, and has the table of its day', () => {
  const crash = inject('node.crash', 'l4-1', 1000);
  const even = all.filter((flow) => flow % 2 === 0);
  const back = foretold([crash, scale('l7', 1, 10_000), heal(crash, 20_000)], plan, held, said);
  expect(back.sets[0]?.broken.must).toEqual(even.filter((flow) => changed.includes(flow)));
  expect(foretold([crash, heal(crash, 10_000)], plan, held, said).sets[0]?.broken).toEqual(none);
});

test('without tier 2 a fourth proxy takes half of all, and the last third suffers most', async () => {
  const l7 = ({ flow }: ForetoldFlow): KnownWay => ({ l7: `l7-${1 + (flow % 3)}` });
  const { total } = foretold([scale('l7', 1, 1000)], await planOf('two-tier'), held, l7);
  // 1/4, 2/4 and 3/4 of 200 each.
  const margin = 3.3 * Math.sqrt(200 * (3 / 16 + 4 / 16 + 3 / 16));
  expect(total[0]).toMatchObject({
    must: [],
    may: all,
    broken: { least: Math.floor(300 - margin), most: Math.ceil(300 + margin) },
  });
});
