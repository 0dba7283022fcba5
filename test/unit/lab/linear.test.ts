/** Cost by size, by counts: four times the nodes are four times the work, and no more. */
import { Session } from 'node:inspector';
import { expect, test, vi } from 'vitest';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { kindsOf, labPaths, plumbLab } from '../../../src/lab/index.ts';
import { parsePlan, writePlan } from '../../../src/lab/written-plan.ts';
import {
  describePlan,
  type Plan,
  parseDocument,
  planTopology,
  topologyOf,
} from '../../../src/topology/index.ts';

vi.setConfig({ testTimeout: 120_000 });

const lab = labPaths('big', '/home/user/.local/state/tierlab');
const programs = { directory: '/opt/tierlab/dist', node: '/usr/bin/node' };
const bare = kindsOf(kinds, { linkTypes: [], objects: [], sysctls: [] });

/** So many backends behind a chain, on networks of at most 500. `groups`: each is a group of its own. */
function text(nodes: number, shape: 'counts' | 'groups'): string {
  const networks = Array.from({ length: Math.ceil(nodes / 500) }, (_, i) => i);
  const backends = networks.flatMap((network) => {
    const here = Math.min(500, nodes - network * 500);
    const group = (name: string, count: string): string =>
      `  ${name}: {kind: web, ${count}networks: [s${network}]}`;
    return shape === 'counts'
      ? [group(`w${network}`, `count: ${here}, `)]
      : Array.from({ length: here }, (_, i) => group(`w${network}x${i}`, ''));
  });
  return `name: big
services:
  web: {vip: 198.51.100.1, port: 80, protocol: http}
networks:
  fabric: {subnet: 10.200.0.0/16}
${networks.map((i) => `  s${i}: {subnet: 10.${i}.0.0/16}`).join('\n')}
nodes:
  r: {kind: bird, asn: 65000, networks: [fabric]}
  l7: {kind: haproxy, networks: [fabric, s0], serves: [web], to: ${shape === 'counts' ? 'w0' : 'w0x0'}}
${backends.join('\n')}
`;
}

const load = (source: string) => topologyOf(parseDocument(source, 'big.yaml'), kindTable);
const planned = (source: string): Plan => planTopology(load(source), kindTable);
const rendered = (plan: Plan, of = kinds) => plumbLab(plan, lab, { kinds: of, programs, lanes: 4 });

/** How often the blocks of all code ran, our own and that of packages: the same in every run, however busy the machine is. */
function operations(work: () => unknown): number {
  const session = new Session();
  session.connect();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    work();
    let count = 0;
    session.post('Profiler.takePreciseCoverage', (_, { result }) => {
      for (const { functions } of result)
        for (const { ranges } of functions) for (const range of ranges) count += range.count;
    });
    return count;
  } finally {
    session.disconnect();
  }
}

test.each(['counts', 'groups'] as const)(
  'names, addresses and MACs of 4,000 nodes are all different (%s)',
  (shape) => {
    const { nodes } = planned(text(4000, shape));
    const interfaces = nodes.flatMap((node) => node.interfaces);
    for (const all of [
      nodes.map(({ name }) => name),
      interfaces.map(({ address }) => address),
      interfaces.map(({ mac }) => mac),
    ])
      expect(new Set(all).size).toBe(all.length);
    expect(interfaces).toHaveLength(4000 + 3);
  },
);

/** Each stage by what it works on, made from the text beforehand. */
const stages: Readonly<Record<string, (source: string) => () => unknown>> = {
  load: (source) => () => load(source),
  plan: (source) => {
    const topology = load(source);
    return () => planTopology(topology, kindTable);
  },
  'plan with another in mind': (source) => {
    const topology = load(source);
    const former = planTopology(topology, kindTable);
    return () => planTopology(topology, kindTable, former);
  },
  describe: (source) => {
    const plan = planned(source);
    return () => describePlan(plan, kindTable);
  },
  render: (source) => {
    const plan = planned(source);
    return () => rendered(plan);
  },
  'render without daemons': (source) => {
    const plan = planned(source);
    return () => rendered(plan, bare);
  },
  state: (source) => {
    const plan = planned(source);
    return () => parsePlan(writePlan(plan));
  },
};

test.each(
  Object.keys(stages).flatMap((stage) =>
    (['counts', 'groups'] as const).map((shape) => [stage, shape] as const),
  ),
)('%s (%s) does no more for each node where there are four times as many', (stage, shape) => {
  const perNode = (nodes: number, tries: number): number => {
    const work = stages[stage]?.(text(nodes, shape)) ?? (() => undefined);
    return Math.max(...Array.from({ length: tries }, () => operations(work))) / nodes;
  };
  const most = shape === 'counts' ? 4000 : 2000;
  // What the collector throws away is not counted any more, so a count may be too low, never too high.
  const [usual, large] = [perNode(most / 4, 3), perNode(most, 1)];
  expect(usual).toBeGreaterThan(1);
  // Quadratic were 4; to sort them takes a little more than the nodes are more.
  expect(large / usual).toBeLessThan(1.35);
});

test('what is quadratic is found out', () => {
  const work = (size: number) => () => {
    const all = Array.from({ length: size }, (_, i) => i);
    return all.map((i) => all.find((each) => each === i));
  };
  expect(operations(work(4000)) / operations(work(1000))).toBeGreaterThan(10);
});

test.each([50, 200, 1000, 4000])(
  'the plumbing of %i nodes has so many lines a node, and no more',
  (nodes) => {
    const { files } = rendered(planned(text(nodes, 'counts')), bare);
    const lines = [...files.values()].reduce((sum, content) => sum + content.split('\n').length, 0);
    expect(lines / nodes).toBeLessThan(nodes === 50 ? 30 : 20);
  },
);
