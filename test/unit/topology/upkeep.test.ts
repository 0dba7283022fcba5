import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { generateTopology, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import { upkeepOf, upkeepWarning } from '../../../src/topology/upkeep.ts';

const planned = (text: string) =>
  planTopology(topologyOf(parseDocument(text, 'big.yaml'), kindTable), kindTable);
const large = generateTopology({ name: 'big', routers: 4, l4: 10, l7: 40, web: 144 });

test('packets and checks are counted where they are sent, a session by the longer of its two intervals', () => {
  const upkeep = upkeepOf(planned(large), kindTable);
  const perSecond = (group: string, what: string): number | undefined =>
    upkeep.find((each) => each.group === group && each.what === what)?.perSecond;
  // bfd_interval 0.8s for edge, r and l4, 2.7s for l7; check_interval 8s and 60s.
  expect(perSecond('edge', 'BFD packets')).toBeCloseTo(4 / 0.8);
  expect(perSecond('r', 'BFD packets')).toBeCloseTo((4 + 4 * 10) / 0.8 + (4 * 40) / 2.7);
  expect(perSecond('l7', 'BFD packets')).toBeCloseTo((4 * 40) / 2.7);
  expect(perSecond('l4', 'health checks')).toBeCloseTo((10 * 40) / 8);
  expect(perSecond('l7', 'health checks')).toBeCloseTo((40 * 144) / 60);
});

test('a lab that a guest carries is not warned of; with the usual intervals the same nodes are, with what to do', () => {
  expect(upkeepWarning(planned(large), kindTable)).toBeUndefined();
  const usual = large.replaceAll(/, (bfd_interval|check_interval|hold_time): [\d.]+s/g, '');
  expect(upkeepWarning(planned(usual), kindTable)).toMatch(
    /takes 1,\d{3} % of a guest's processor: 5,760 health checks a second of l7 \(check_interval\).*Longer intervals, or fewer nodes/,
  );
});
