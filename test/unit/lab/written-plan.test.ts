/** How plans are kept on disk. */
import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { parsePlan, writePlan } from '../../../src/lab/written-plan.ts';
import { generateTopology, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';

const planned = (routers: number, l4: number, l7: number, web: number) => {
  const text = generateTopology({ name: 'big', routers, l4, l7, web });
  return planTopology(topologyOf(parseDocument(text, 'big.yaml'), kindTable), kindTable);
};

test.each([
  [1, 1, 1, 1],
  [2, 0, 3, 3],
  [4, 16, 64, 128],
])('a plan of %i, %i, %i and %i nodes comes back as it was', (...sizes) => {
  const plan = planned(...sizes);
  expect(parsePlan(writePlan(plan))).toEqual(plan);
});

test('what nodes have in common stays one object, and the file grows with the nodes and not with their pairs', () => {
  const again = parsePlan(writePlan(planned(4, 16, 64, 128)));
  const [first, second] = again.nodes.filter(({ group }) => group === 'l7');
  expect(first?.targets).toBe(second?.targets);
  const perNode = ([l7, web]: readonly [number, number]): number =>
    writePlan(planned(2, 2, l7, web)).length / (l7 + web);
  expect(perNode([400, 600])).toBeLessThan(1.2 * perNode([40, 60]));
});
