/** What the plumber and `ip` are given to make a lab, held against files on record: UPDATE_GOLDEN=1 npm run test:unit. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { labPaths, type PlumbingOptions, plumbLab, plumbNode } from '../../../src/lab/index.ts';
import { loadTopology, planTopology } from '../../../src/topology/index.ts';

const golden = join(import.meta.dirname, '../../golden/plumbing');
const topology = await loadTopology(
  join(import.meta.dirname, '../../../topologies/three-tier.yaml'),
  kindTable,
);
const plan = planTopology(topology, kindTable);
const lab = labPaths('three-tier', '/home/user/.local/state/tierlab');
const options: PlumbingOptions = {
  kinds,
  programs: { directory: '/opt/tierlab/dist', node: '/usr/bin/node' },
  lanes: 2,
};

test('the plumbing of the three-tier topology is as recorded', async () => {
  const { files } = plumbLab(plan, lab, options);
  const plumbing = [...files].filter(([path]) => path.startsWith(`${lab.plumbing}/`));
  const names = plumbing.map(([path]) => relative(lab.plumbing, path));
  for (const [i, [, content]] of plumbing.entries())
    await expect(content).toMatchFileSnapshot(join(golden, names[i] ?? ''));
  const again = plumbNode(nodeOf('l4-1'), plan, lab, options);
  expect(again.argv).toEqual(['perl', join(lab.plumbing, 'plumber.pl'), '-']);
  await expect(again.input).toMatchFileSnapshot(join(golden, 'again-l4-1.steps'));
});

test('no file is on record that is not made any more', () => {
  const made = [...plumbLab(plan, lab, options).files.keys()].map((path) => relative(lab.plumbing, path));
  expect(readdirSync(golden).filter((name) => !made.includes(name))).toEqual(['again-l4-1.steps']);
});

test('the same plan gives the same scripts, and another lab of it shares no name with the first', () => {
  const first = plumbLab(plan, lab, options);
  expect([...plumbLab(plan, lab, options).files]).toEqual([...first.files]);
  const second = labPaths('second', '/home/user/.local/state/tierlab');
  const text = [...plumbLab(plan, second, options).files].flat().join('\n');
  expect(text).not.toContain(lab.id);
  expect(text).not.toContain(lab.directory);
});

const crowded = await loadTopology(
  join(import.meta.dirname, '../../../topologies/reference-2018.yaml'),
  kindTable,
);

test('in a crowded lab each daemon is at work before the next but one is started, and those with short timers come last', () => {
  const turns = turnsOf(crowded);
  const order = turns.flatMap(({ daemon = [] }) => daemon);
  expect([...new Set(order)]).toEqual(['web', 'haproxy', 'keepalived', 'bird']);
  expect(order.indexOf('bird')).toBe(order.lastIndexOf('keepalived') + 1);
  const onTheirWay = new Set<string>();
  for (const { all, started, settled } of turns) {
    if (all === 'stage') expect(onTheirWay.size).toBe(0);
    if (started !== undefined) onTheirWay.add(started);
    if (settled !== undefined) onTheirWay.delete(settled);
    expect(onTheirWay.size).toBeLessThanOrEqual(2);
  }
  expect(onTheirWay.size).toBe(0);
});

test('where timers are long, those who have them begin early, since they have to wait for them', () => {
  const nodes = crowded.nodes.map((node) =>
    node.name === 'r' ? { ...node, options: { ...node.options, bfd_interval: '2s' } } : node,
  );
  const order = turnsOf({ ...crowded, nodes }).flatMap(({ daemon = [] }) => daemon);
  expect([...new Set(order)]).toEqual(['bird', 'web', 'haproxy', 'keepalived']);
});

/** Starts, waits and stages of what makes a lab. */
function turnsOf(
  made: typeof crowded,
): { all: string; started: string | undefined; settled: string | undefined; daemon: string | undefined }[] {
  const { files } = plumbLab(planTopology(made, kindTable), lab, { ...options, lanes: 1 });
  const steps = [...files].find(([path]) => path.endsWith('up.steps'))?.[1] ?? '';
  return [...steps.matchAll(/^(?:start\t[^\t]*\t([^\t]*)|settle\t(.*)|stage)/gm)].map(
    ([all, started, settled]) => ({ all, started, settled, daemon: started?.replace(/.*\/|\.pid$/g, '') }),
  );
}

function nodeOf(name: string): (typeof plan.nodes)[number] {
  const found = plan.nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}
