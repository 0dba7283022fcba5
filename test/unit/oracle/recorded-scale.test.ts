/** A run in which a proxy and a balancer joined, held against what would have been foretold of it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import {
  compare,
  type ForetoldFlow,
  type KnownWay,
  type Prediction,
  predict,
} from '../../../src/oracle/index.ts';
import { plansOver } from '../../../src/scenario/index.ts';
import { threeTier } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';
import { differing, scale } from './timeline.ts';

const timeline = [scale('l7', 1, 1000), scale('l4', 1, 2000)];
const plans = plansOver(timeline, await threeTier(), kindTable);
const [plan, four] = plans;

interface Row {
  readonly flow: number;
  readonly client: string;
  readonly before: string;
  readonly after: string;
  readonly l7: string;
  readonly broke: boolean;
}

const rows = readFileSync(new URL('recorded/two-tiers-at-once.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line): Row => {
    const [flow, client = '', before = '', after = '', l7 = '', end] = line.split(' ');
    return { flow: Number(flow), client, before, after, l7, broke: end === 'broken' };
  });
const flows = rows.map(({ flow, client }): ForetoldFlow => {
  const [address = '', port] = client.split(':');
  return { traffic: 'held', flow, address, port: Number(port), service: 'web', client: 'client' };
});
const broken = rows.filter(({ broke }) => broke).map(({ flow }) => flow);
const measured = (numbers: readonly number[]) => numbers.map((flow) => ({ traffic: 'held', flow }));

function foretold(wayOf: (row: Row) => KnownWay): Prediction {
  const ways = new Map(rows.map((row): [string, KnownWay] => [row.client, wayOf(row)]));
  return predict({ timeline, durationMs: 30_000, traffic: heldTraffic(300).traffic }, plans, flows, ways);
}

/** The part of three thirds of the range in which a flow lies that had the first of two halves, or the second, and then that third. */
const sixth: Readonly<Record<string, number>> = {
  'l4-1 l4-1': 0,
  'l4-1 l4-2': 2,
  'l4-2 l4-2': 3,
  'l4-2 l4-3': 5,
};

test('whoever broke had moved and another place in the new table, and as many did as the ways let expect', () => {
  const { total, flows: named } = foretold(({ before }) => ({ l4: before }));
  expect(named.map(({ l7 }) => l7)).toEqual(rows.map(({ l7 }) => l7));
  expect(total[0]?.may).toEqual(plan === undefined || four === undefined ? [] : differing(flows, plan, four));
  expect(compare(total, measured(broken))).toMatchObject([
    { agree: broken, surplus: [], withinBounds: true },
  ]);
});

test('with the place of each flow in the range of the hash exactly those are named that broke', () => {
  // No flow went a way that two halves and three thirds do not allow.
  expect([...new Set(rows.map(({ before, after }) => `${before} ${after}`))].sort()).toEqual(
    Object.keys(sixth),
  );
  const { total } = foretold(({ before, after }) => {
    const part = { part: sixth[`${before} ${after}`] ?? 0, of: 6 };
    return { l4: before, parts: { 'r-1': part, 'r-2': part } };
  });
  expect(total[0]).toMatchObject({ must: broken, may: [] });
});

test('the oracle says no to a flow that breaks in its place, to one that is spared, and to too many', () => {
  const { total } = foretold(({ before }) => ({ l4: before }));
  const stays = rows.find(({ flow }) => total[0]?.may.includes(flow) === false)?.flow ?? -1;
  expect(compare(total, measured([...broken, stays]))).toMatchObject([{ surplus: [stays] }]);
  expect(compare(total, measured(total[0]?.may ?? []))).toMatchObject([{ surplus: [], withinBounds: false }]);
  expect(compare(total, measured(broken.slice(0, 5)))).toMatchObject([{ surplus: [], withinBounds: false }]);
});
