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
  [4, 50, 200, 744],
  [1, 1, 23, 1000],
])('a topology of %i routers, %i L4, %i L7 and %i backends is sound and has that many nodes', (...sizes) => {
  const plan = planned(...sizes);
  const of = (group: string): number => plan.nodes.filter((node) => node.group === group).length;
  expect(['r', 'l4', 'l7', 'web'].map(of)).toEqual(sizes);
  const addresses = plan.nodes.flatMap(({ interfaces }) => interfaces.map(({ address }) => address));
  expect(new Set(addresses).size).toBe(addresses.length);
});

test('a small topology keeps the defaults, and a large one asks its neighbours and servers more seldom', () => {
  const text = (l4: number, l7: number, web: number): string =>
    generateTopology({ name: 'big', routers: 4, l4, l7, web });
  expect(text(2, 3, 3)).not.toMatch(/interval|ecmp_limit/);
  expect(text(16, 64, 128)).toMatch(/kind: ipvs.* bfd_interval: 1\.3s, check_interval: 20\.5s/);
  expect(text(16, 64, 128)).toMatch(/kind: haproxy.* bfd_interval: 1\.3s, check_interval: 60s/);
  expect(text(100, 3, 3)).toContain('ecmp_limit: 100');
});

test('more nodes than fit on a bridge are refused in words', () => {
  const text = generateTopology({ name: 'big', routers: 1, l4: 1, l7: 100, web: 1000 });
  expect(() => topologyOf(parseDocument(text, 'new.yaml'), kindTable)).toThrow(
    /1100 nodes are on "servers", but a Linux bridge has at most 1023 ports/,
  );
});

test('a name that is none is refused, and cannot bring YAML of its own along', () => {
  const text = generateTopology({ name: 'a\nservices: {}', routers: 1, l4: 1, l7: 1, web: 1 });
  expect(() => topologyOf(parseDocument(text, 'new.yaml'), kindTable)).toThrow(/cannot be a name|name/);
});
