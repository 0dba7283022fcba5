import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { generateTopology, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';

const planned = (routers: number, l4: number, l7: number, web: number) => {
  const text = generateTopology({ name: 'big', routers, l4, l7, web });
  return planTopology(topologyOf(parseDocument(text, 'big.yaml'), kindTable), kindTable);
};

test.each([
  [1, 1, 1, 1],
  [2, 0, 3, 3],
  [4, 16, 64, 128],
  [10, 100, 250, 250],
])('a topology of %i routers, %i L4, %i L7 and %i backends is sound and has that many nodes', (...sizes) => {
  const plan = planned(...sizes);
  const of = (group: string): number => plan.nodes.filter((node) => node.group === group).length;
  expect(['r', 'l4', 'l7', 'web'].map(of)).toEqual(sizes);
  const addresses = plan.nodes.flatMap(({ interfaces }) => interfaces.map(({ address }) => address));
  expect(new Set(addresses).size).toBe(addresses.length);
});

test('a name that is none is refused, and cannot bring YAML of its own along', () => {
  const text = generateTopology({ name: 'a\nservices: {}', routers: 1, l4: 1, l7: 1, web: 1 });
  expect(() => topologyOf(parseDocument(text, 'new.yaml'), kindTable)).toThrow(/cannot be a name|name/);
});
