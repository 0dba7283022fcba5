/** What is foretold where the routers lead to the L7 nodes. */
import { expect, test } from 'vitest';
import { type KnownWay, type Prediction, predict } from '../../../src/oracle/index.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import type { Plan } from '../../../src/topology/types.ts';
import { planOf } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';

const twoTier = await planOf('two-tier');
const { traffic, flows } = heldTraffic(300);
/** The flows' L7 nodes in turn: l7-1, l7-2, l7-3, l7-1, … */
const measured = new Map(
  flows.map(({ address, port, flow }): [string, KnownWay] => [
    `${address}:${port}`,
    { l7: `l7-${1 + (flow % 3)}` },
  ]),
);
const on = (n: number): number[] => flows.flatMap(({ flow }) => (flow % 3 === n - 1 ? [flow] : []));

function foretell(plan: Plan, action: 'node.crash' | 'drain', target: string, ways = measured): Prediction {
  const when = { atMs: 2000, name: 'it', target };
  const entry: Scenario['timeline'][number] =
    action === 'drain'
      ? { action, ...when, withinMs: 5000 }
      : { action: 'inject', ...when, fault: action, options: {} };
  return predict({ timeline: [entry], durationMs: 15_000, traffic }, [plan], flows, ways);
}

test('an L7 node that dies at the edge of the next hops takes its own flows along, and half of its neighbour’s', () => {
  const { entries } = foretell(twoTier, 'node.crash', 'l7-1');
  const [forecast] = entries[0]?.byTraffic ?? [];
  expect(forecast).toMatchObject({ exposed: { least: 100, most: 100 }, must: on(1), may: on(2) });
  // 100 and half of 100, 3.3 standard deviations up and down.
  expect(forecast?.broken).toEqual({ least: 133, most: 167 });
  expect(entries[0]?.why.join('\n')).toContain('there are no L4 nodes');
});

test('in the middle it takes its own flows only: the border moves through them', () => {
  const [forecast] = foretell(twoTier, 'node.crash', 'l7-2').entries[0]?.byTraffic ?? [];
  expect(forecast).toMatchObject({ broken: { least: 100, most: 100 }, must: on(2), may: [] });
});

test('a drain breaks as much as a death: nobody keeps what the routers send elsewhere', () => {
  const [forecast] = foretell(twoTier, 'drain', 'l7-1').entries[0]?.byTraffic ?? [];
  expect(forecast).toMatchObject({ must: on(1), may: on(2) });
});

test('from the plan alone the numbers are known', () => {
  const [forecast] = foretell(twoTier, 'node.crash', 'l7-1', new Map()).entries[0]?.byTraffic ?? [];
  expect(forecast).toMatchObject({ exposed: { least: 73, most: 127 }, must: [] });
  expect(forecast?.broken.least).toBeGreaterThan(110);
  expect(forecast?.broken.most).toBeLessThan(190);
});
