/** What is foretold where routers hear of the balancers through route reflectors. */
import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { chooserOf, type ForetoldFlow, type KnownWay } from '../../../src/oracle/index.ts';
import { loadTopology, planTopology } from '../../../src/topology/index.ts';
import { nodeOf } from '../kinds/three-tier.ts';
import { heldTraffic } from './held.ts';
import { foretold, heal, inject, withOptions } from './timeline.ts';

const file = new URL('../../guest/reflected.yaml', import.meta.url).pathname;
const plan = planTopology(await loadTopology(file, kindTable), kindTable);
const { traffic, flows } = heldTraffic(300);
const of = (service: string) => ({ traffic, flows: flows.map((flow) => ({ ...flow, service })) });
const held = of('web');
const all = flows.map(({ flow }) => flow);
const none = { must: [], may: [], unsaid: [], least: 0, most: 0 };
const said = ({ flow }: ForetoldFlow): KnownWay => {
  const l4 = `l4-${1 + (flow % 2)}`;
  return { hops: { edge: 'r-1', 'r-1': l4, 'r-2': l4 } };
};

test('a reflector that dies and comes back, or is drained, moves and breaks nobody', () => {
  const crash = inject('node.crash', 'rr-1', 1000);
  const away = inject('vip.withdraw', 'rr-2', 12_000);
  const { sets, entries } = foretold([crash, heal(crash, 6000), away], plan, held, said);
  expect(sets).toMatchObject([{ broken: none, moved: none }]);
  expect(entries[0]?.byTraffic[0]?.exposed.most).toBe(0);
  expect(entries[0]?.why.join()).toContain('from another one: no flow moves');
});

test('with both gone for longer than anybody waits every flow breaks, and for a moment none', () => {
  const both = inject('node.crash', 'rr', 1000);
  const { sets, entries } = foretold([both, heal(both, 12_000)], plan, held, said);
  expect(sets[0]?.broken.must).toEqual(all);
  expect(entries[0]?.why.join()).toContain('no reflector is left');
  // One after the other is the same, if the first is not back.
  const [one, two] = [inject('node.crash', 'rr-1', 1000), inject('node.freeze', 'rr-2', 5000)];
  expect(foretold([one, two], plan, held, said).sets[0]?.broken.must).toEqual(all);
  expect(foretold([one, heal(one, 3000), two], plan, held, said).sets[0]?.broken).toEqual(none);
});

test('without BFD clients go on with what they heard until the hold time is over', () => {
  const slow = withOptions(plan, 'bird', { bfd: false, hold_time: '9s' });
  const both = inject('node.crash', 'rr', 1000);
  const broken = (ms: number) => foretold([both, heal(both, 1000 + ms)], slow, held, said).sets[0]?.broken;
  expect(broken(5000)).toEqual(none);
  expect(broken(11_000)?.unsaid).toEqual(all);
  expect(broken(20_000)?.must).toEqual(all);
});

test('a service that is scheduled by source hash breaks by its own table', () => {
  const choose = chooserOf(nodeOf(plan, 'l4-1'), { vip: '198.51.100.2', port: 80, scheduler: 'sh' });
  const crash = inject('node.crash', 'l7-2', 1000);
  const own = flows.flatMap(({ address, port, flow }) => (choose?.(address, port) === 'l7-2' ? [flow] : []));
  expect(own.length).toBeGreaterThan(100);
  expect(foretold([crash], plan, of('old'), said).sets[0]?.broken.must).toEqual(own);
  expect(foretold([crash], plan, held, said).sets[0]?.broken.must).not.toEqual(own);
});
