import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { placesOf } from '../../../src/oracle/places.ts';
import { allWell } from '../../../src/oracle/state.ts';
import { generateTopology, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';

const flow = {
  traffic: 'held',
  flow: 0,
  address: '203.0.113.5',
  port: 40_000,
  service: 'web',
  client: 'client',
};

test.each([3, 300])('of %i backends only those that matter are cases of their own', (web) => {
  const text = generateTopology({ name: 'big', routers: 2, l4: 2, l7: 3, web });
  const first = allWell([planTopology(topologyOf(parseDocument(text, 'big.yaml'), kindTable), kindTable)]);
  const places = placesOf(first, new Map());
  const cases = (...matter: string[]) => places.cases(flow, [first], (backend) => matter.includes(backend));
  const none = cases();
  expect(none.map(({ backend }) => backend)).toEqual(none.map(() => null));
  const one = cases('web-2');
  expect(one).toHaveLength(2 * none.length);
  const onIt = one.filter(({ backend }) => backend === 'web-2');
  const sum = (all: typeof one): number => all.reduce((total, { probability }) => total + probability, 0);
  expect(sum(none)).toBeCloseTo(1);
  expect(sum(one)).toBeCloseTo(1);
  expect(sum(onIt)).toBeCloseTo(1 / web);
  expect(places.backends(flow, 'l7-1')).toHaveLength(web);
});
