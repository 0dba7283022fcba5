import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  chooserOf,
  compare,
  contestedFlows,
  type EntryForecast,
  type ForetoldFlow,
  type KnownWay,
  type Prediction,
  predict,
} from '../../../src/oracle/index.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import type { Plan, PlannedNode } from '../../../src/topology/types.ts';
import { nodeOf, threeTier } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';

const plan = await threeTier();
const { traffic, flows } = heldTraffic(600);
const nameOf = ({ address, port }: ForetoldFlow): string => `${address}:${port}`;
/** Every third flow is on l4-1. */
const measured = new Map(
  flows.map((flow): [string, KnownWay] => [nameOf(flow), { l4: flow.flow % 3 === 0 ? 'l4-1' : 'l4-2' }]),
);
const third = flows.filter(({ flow }) => flow % 3 === 0).map(({ flow }) => flow);

type Entry = Scenario['timeline'][number];
const inject = (fault: string, target: string, atMs = 2000): Entry => ({
  action: 'inject',
  atMs,
  name: `${fault} ${target}`,
  fault,
  target,
  options: {},
});
const heal = (of: Entry, atMs: number): Entry => ({
  action: 'heal',
  atMs,
  name: `heal ${of.name}`,
  of: of.name,
});

function foretell(
  timeline: readonly Entry[],
  changes: { of?: (node: PlannedNode) => Partial<PlannedNode>; ways?: ReadonlyMap<string, KnownWay> } = {},
): Prediction {
  const changed: Plan = { ...plan, nodes: plan.nodes.map((node) => ({ ...node, ...changes.of?.(node) })) };
  return predict({ timeline, durationMs: 20_000, traffic }, [changed], flows, changes.ways ?? new Map());
}

const option =
  (name: string, value: unknown) =>
  (node: PlannedNode): Partial<PlannedNode> =>
    node.kind === 'ipvs' ? { options: { ...node.options, [name]: value } } : {};

function only({ entries: [entry] }: Prediction): EntryForecast['byTraffic'][number] {
  const found = entry?.byTraffic[0];
  if (found === undefined) throw new Error('nothing was foretold');
  return found;
}

const service = { vip: '198.51.100.1', port: 80 };
const crash = inject('node.crash', 'l4-1');

test('the L7 of each flow is the one of the table', () => {
  const { shares, flows: found } = foretell([]);
  const choose = chooserOf(nodeOf(plan, 'l4-2'), service);
  expect(found.map(({ l7 }) => l7)).toEqual(flows.map(({ address, port }) => choose?.(address, port)));
  const counts = Object.values(shares[0]?.byL7 ?? {});
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(600);
  expect(shares[0]?.maxOverMean).toBe(Math.max(...counts) / 200);
});

test('an L4 node goes: none breaks, whichever flows it carried', () => {
  const { exposed, broken, must, may } = only(foretell([crash, heal(crash, 10_000)]));
  expect(broken).toEqual({ least: 0, most: 0 });
  expect([must, may]).toEqual([[], []]);
  expect(exposed.least).toBeLessThan(300);
  expect(exposed.most).toBeGreaterThan(300);
});

test('without sloppy_tcp it takes along exactly its flows, as soon as they are known', () => {
  const unprotected = option('sloppy_tcp', false);
  const unknown = only(foretell([crash], { of: unprotected }));
  expect(unknown.may).toHaveLength(600);
  expect(unknown.broken).toEqual(unknown.exposed);
  const known = foretell([crash, heal(crash, 10_000)], { of: unprotected, ways: measured });
  expect(only(known)).toMatchObject({
    exposed: { least: 200, most: 200 },
    broken: { least: 200, most: 200 },
    must: third,
    may: [],
  });
  // They do not break again when it comes back, nor do others.
  expect(known.entries[1]?.byTraffic[0]?.broken).toEqual({ least: 0, most: 0 });
  expect(known.total[0]).toMatchObject({ must: third, may: [], broken: { least: 200, most: 200 } });
});

test('what a fault breaks is not counted again when it is healed', () => {
  const { total, entries } = foretell([crash, heal(crash, 10_000)], { of: option('sloppy_tcp', false) });
  expect(total[0]?.broken).toEqual(entries[0]?.byTraffic[0]?.broken);
});

test('with rr a flow that moves keeps its L7 in one of three cases', () => {
  const found = foretell([crash], { of: option('scheduler', 'rr'), ways: measured });
  const { must, may, broken } = only(found);
  expect([must, may]).toEqual([[], third]);
  expect(broken.least).toBeGreaterThan(100);
  expect(broken.least).toBeLessThan((200 * 2) / 3);
  expect(broken.most).toBeGreaterThan((200 * 2) / 3);
  expect(broken.most).toBeLessThanOrEqual(200);
  expect(found.shares[0]).toEqual({ traffic: 'held' });
});

test('an L7 that dies takes exactly its own flows along', () => {
  const found = foretell([inject('node.crash', 'l7-2')]);
  const own = found.flows.filter(({ l7 }) => l7 === 'l7-2').map(({ flow }) => flow);
  expect(own.length).toBeGreaterThan(100);
  expect(only(found)).toMatchObject({ must: own, may: [], broken: { least: own.length, most: own.length } });
});

test('a short freeze breaks nothing, a long one all, and in between nobody knows', () => {
  const freeze = inject('node.freeze', 'l7-2');
  const lengths = [1000, 4000, 9000].map((ms) => only(foretell([freeze, heal(freeze, 2000 + ms)])));
  expect(lengths.map(({ must, may }) => [must.length > 0, may.length > 0])).toEqual([
    [false, false],
    [false, true],
    [true, false],
  ]);
});

test('a death right before the end may not be seen any more', () => {
  expect(only(foretell([inject('node.crash', 'l7-2', 18_000)]))).toMatchObject({
    must: [],
    broken: { least: 0 },
  });
});

test('of a dead backend only the number of flows is known, if they were not measured', () => {
  const unknown = only(foretell([inject('node.crash', 'web-1')]));
  expect(unknown.may).toHaveLength(600);
  expect(unknown.broken.least).toBeGreaterThan(150);
  expect(unknown.broken.most).toBeLessThan(250);
  const ways = new Map(flows.map((flow) => [nameOf(flow), { backend: flow.flow < 10 ? 'web-1' : 'web-2' }]));
  expect(only(foretell([inject('node.crash', 'web-1')], { ways })).must).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
});

test('a router goes: its flows may change their L4 node, which matters without sloppy_tcp only', () => {
  const death = inject('node.crash', 'r-1');
  expect(only(foretell([death]))).toMatchObject({ must: [], may: [] });
  const { exposed, broken } = only(foretell([death], { of: option('sloppy_tcp', false) }));
  expect(exposed.least).toBeGreaterThan(250);
  expect(broken.least).toBeGreaterThan(100);
  expect(broken.most).toBeLessThan(200);
});

test('the only way is gone: all break, if it stays away', () => {
  expect(only(foretell([inject('node.crash', 'edge')])).must).toHaveLength(600);
  expect(only(foretell([inject('node.crash', 'l4')])).must).toHaveLength(600);
  const pull = inject('link.down', 'edge:transit');
  expect(only(foretell([pull, heal(pull, 3000)])).may).toHaveLength(0);
});

test('a table in another order breaks the flows that it sends elsewhere', () => {
  const other = (node: PlannedNode): Partial<PlannedNode> =>
    node.name === 'l4-2' ? { targets: node.targets.filter(({ node: name }) => name !== 'l7-3') } : {};
  const found = foretell([crash], { of: other, ways: measured });
  const before = chooserOf(nodeOf(plan, 'l4-1'), service);
  const after = chooserOf({ ...nodeOf(plan, 'l4-2'), ...other(nodeOf(plan, 'l4-2')) }, service);
  const differing = flows
    .filter(({ flow }) => flow % 3 === 0)
    .filter(({ address, port }) => before?.(address, port) !== after?.(address, port))
    .map(({ flow }) => flow);
  expect(differing.length).toBeGreaterThan(40);
  expect(only(found)).toMatchObject({ must: differing, may: [] });
});

test('a flow that moves while its L7 is away loses it, others do not', () => {
  const away = inject('link.down', 'l7-3:fabric');
  const timeline = [away, inject('node.crash', 'l4-1', 2500), heal(away, 3500)];
  const { entries, flows: all } = foretell(timeline, { ways: measured });
  const own = all.filter(({ l7, flow }) => l7 === 'l7-3' && flow % 3 === 0).map(({ flow }) => flow);
  expect(entries[0]?.byTraffic[0]?.may).toEqual([]);
  expect(entries[1]?.byTraffic[0]?.must).toEqual(own);
});

test('of a fault that it does not know the oracle says nothing', () => {
  const { must, may, broken } = only(foretell([inject('link.netem', 'l4-1:fabric')]));
  expect([must.length, may.length, broken]).toEqual([0, 600, { least: 0, most: 600 }]);
});

test('but of one that stays with a proxy or a backend it says that nobody else can break', () => {
  const found = foretell([inject('l7.reload', 'l7-2')]);
  const own = found.flows.filter(({ l7 }) => l7 === 'l7-2').map(({ flow }) => flow);
  expect(found.sets[0]).toMatchObject({
    broken: { must: [], may: [], unsaid: own },
    moved: { unsaid: [], most: 0 },
  });
  expect(found.entries[0]?.why.join()).toContain('those that end on l7-2 may break, others cannot');
  expect(foretell([inject('net.partition', 'l7-2')]).sets[0]?.broken.unsaid).toHaveLength(600);
});

test('requests are not foretold one by one', () => {
  const http: Scenario['traffic'] = [
    { type: 'http', name: 'held', from: 'client', to: 'web', ratePerSecond: 50, timeoutMs: 2000 },
  ];
  expect(() => predict({ timeline: [], durationMs: 1000, traffic: http }, [plan], flows)).toThrow(
    'holds no connections',
  );
});

test('measured and foretold flows are compared one by one', () => {
  const forecast = [{ traffic: 'held', must: [1, 2, 3], may: [7, 8], broken: { least: 3, most: 4 } }];
  const broken = (...numbers: number[]): { traffic: string; flow: number }[] => [
    ...numbers.map((flow) => ({ traffic: 'held', flow })),
    { traffic: 'another', flow: 1 },
  ];
  expect(compare(forecast, broken(3, 2, 1, 8))).toEqual([
    { traffic: 'held', agree: [1, 2, 3, 8], missing: [], surplus: [], withinBounds: true },
  ]);
  expect(compare(forecast, broken(1, 9))).toEqual([
    { traffic: 'held', agree: [1], missing: [2, 3], surplus: [9], withinBounds: false },
  ]);
});

test('the flows of an L4 node that goes are foretold to move, and with it coming back none other', () => {
  const { sets } = foretell([crash, heal(crash, 10_000)], { ways: measured });
  expect(sets).toMatchObject([
    { traffic: 'held', flows: 600, broken: { must: [], may: [], unsaid: [], least: 0, most: 0 } },
  ]);
  expect(sets[0]?.moved).toEqual({ must: third, may: [], unsaid: [], least: 200, most: 200 });
});

test('which flows move is a matter of chance while nobody has asked the routers', () => {
  const { moved } = foretell([crash]).sets[0] ?? {};
  expect([moved?.must, moved?.may.length, moved?.unsaid]).toEqual([[], 600, []]);
  expect(moved?.least).toBeGreaterThan(200);
  expect(moved?.most).toBeLessThan(400);
});

test('a flow that breaks before its L4 node goes does not move, nor one that is reset where it comes to', () => {
  const l7 = inject('node.crash', 'l7-2', 1000);
  const found = foretell([l7, { ...crash, atMs: 9000 }], { ways: measured });
  const own = new Set(found.flows.filter((flow) => flow.l7 === 'l7-2').map(({ flow }) => flow));
  expect(found.sets[0]?.moved.must).toEqual(third.filter((flow) => !own.has(flow)));
  const reset = foretell([crash], { of: option('sloppy_tcp', false), ways: measured }).sets[0];
  expect(reset).toMatchObject({ broken: { must: third }, moved: { must: [], may: [], unsaid: [] } });
});

test('what cannot be computed is said of no flow: not that it breaks, not that it stays', () => {
  const { sets } = foretell([inject('link.netem', 'l4-1:fabric')], { ways: measured });
  const all = flows.map(({ flow }) => flow);
  expect(sets[0]?.broken).toEqual({ must: [], may: [], unsaid: all, least: 0, most: 600 });
  expect(sets[0]?.moved.unsaid).toEqual(all);
  // Too short to be seen, or perhaps not.
  const blink = foretell([crash, heal(crash, 3000)], { ways: measured });
  expect(blink.sets[0]?.moved).toMatchObject({ must: [], unsaid: third });
});

test('a run that was measured broke exactly the flows that its measured ways foretell, and had the foretold L7', () => {
  const lines = readFileSync(new URL('recorded/control-run.txt', import.meta.url), 'utf8').split('\n');
  const rows = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(' '));
  const ran = rows.map(([flow, client = '']): ForetoldFlow => {
    const [address = '', port] = client.split(':');
    return {
      traffic: 'held',
      flow: Number(flow),
      address,
      port: Number(port),
      service: 'web',
      client: 'client',
    };
  });
  const ways = new Map(rows.map(([, client = '', l4 = '']): [string, KnownWay] => [client, { l4 }]));
  const unprotected: Plan = {
    ...plan,
    nodes: plan.nodes.map((node) => ({ ...node, ...option('sloppy_tcp', false)(node) })),
  };
  const timeline = [crash, heal(crash, 10_000)];
  const broken = rows.filter(([, , , , end]) => end === 'broken').map(([flow]) => Number(flow));
  const measuredSet = broken.map((flow) => ({ traffic: 'held', flow }));

  const { total, flows: foretold } = predict(
    { timeline, durationMs: 15_000, traffic },
    [unprotected],
    ran,
    ways,
  );
  expect(foretold.map(({ l7 }) => l7)).toEqual(rows.map(([, , , l7]) => l7));
  expect(total[0]).toMatchObject({ must: broken, may: [] });
  expect(compare(total, measuredSet)).toMatchObject([{ agree: broken, missing: [], surplus: [] }]);

  const before = predict({ timeline, durationMs: 15_000, traffic }, [unprotected], ran);
  expect(compare(before.total, measuredSet)).toMatchObject([{ surplus: [], withinBounds: true }]);
});

test('another order of servers breaks nobody by itself, and of the flows that move to it those on which the tables disagree', () => {
  const isContested = contestedFlows(plan);
  // Enough of them for a few to be contested: one in four hundred is.
  const many = Array.from({ length: 8000 }, (_, flow): ForetoldFlow => {
    const address = `203.0.113.${1 + (flow % 200)}`;
    return { traffic: 'held', flow, address, port: 10_000 + 3 * flow, service: 'web', client: 'client' };
  });
  const contested = many.filter(({ service, address, port }) => isContested(service, address, port));
  expect(contested.length).toBeGreaterThan(10);
  expect(contested.length).toBeLessThan(40);
  const ways = new Map(many.map((flow): [string, KnownWay] => [nameOf(flow), { l4: 'l4-1' }]));
  const [order, elsewhere] = ['l4-2', 'l4-1'].map((l4) => inject('l4.order', l4, 1000)) as [Entry, Entry];
  const told = (timeline: Entry[]): Prediction =>
    predict({ timeline, durationMs: 20_000, traffic }, [plan], many, ways);

  const { entries, sets } = told([order, crash]);
  expect(entries[0]?.byTraffic[0]).toMatchObject({ exposed: { most: 0 }, must: [], may: [] });
  expect(entries[1]?.byTraffic[0]?.must).toEqual(contested.map(({ flow }) => flow));
  expect(sets[0]?.broken.must).toEqual(contested.map(({ flow }) => flow));
  // Put right in time, or on the node that dies: nothing.
  expect(told([order, heal(order, 1500), crash]).total[0]).toMatchObject({ must: [], may: [] });
  expect(told([elsewhere, crash]).total[0]).toMatchObject({ must: [], may: [] });
}, 20_000);

test('no flow is contested where the order does not matter, and that is said', () => {
  const random = {
    ...plan,
    nodes: plan.nodes.map((node) => ({ ...node, options: { ...node.options, scheduler: 'rr' } })),
  };
  expect(() => contestedFlows(random)('web', '203.0.113.1', 12_345)).toThrow('no flow of web is contested');
  expect(() => contestedFlows(plan)('nothing', '203.0.113.1', 12_345)).toThrow(
    'no flow of nothing is contested',
  );
});

test('without BFD flows wait for the hold time, and break if that is longer than their patience', () => {
  const unwatched = (hold_time: string) => (node: PlannedNode) => ({
    options: { ...node.options, bfd: false, hold_time },
  });
  const long = foretell([crash], { of: unwatched('9s'), ways: measured });
  expect(long.sets[0]?.broken).toMatchObject({ must: [], may: [], unsaid: third });
  expect(long.entries[0]?.why.join()).toContain('without BFD');
  // Twice 9 s is more than the run has left; twice 2 s is not, and less than they wait.
  expect(long.sets[0]?.moved.must).toEqual([]);
  const short = foretell([crash], { of: unwatched('2s'), ways: measured });
  expect(short.sets).toMatchObject([{ broken: { unsaid: [], most: 0 }, moved: { must: third } }]);
});

test('answers that go over a dead router by a static way are lost, and nobody can say whose', () => {
  const bound = (node: PlannedNode) =>
    node.kind === 'haproxy' ? { options: { ...node.options, way_back: 'static' } } : {};
  const { sets, entries } = foretell([inject('node.crash', 'r-1')], { of: bound });
  expect(sets[0]?.broken.unsaid).toHaveLength(600);
  expect(entries[0]?.why.join()).toContain('static way back');
});
