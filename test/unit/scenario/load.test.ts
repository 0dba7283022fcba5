import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { loadScenario } from '../../../src/scenario/index.ts';
import type { FaultTable } from '../../../src/scenario/types.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';

const root = join(import.meta.dirname, '../../..');
const load = (file: string) => loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation });

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-scenario-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function loadText(text: string): ReturnType<typeof load> {
  const file = join(folder, 'scenario.yaml');
  await writeFile(file, `topology: ${root}/topologies/three-tier.yaml\n${text}`);
  return load(file);
}

const minimal = `
name: two cables
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 10}
  - {name: requests, type: http, from: client, to: web, rate: 300/m}
timeline:
  - {at: 4s, action: heal, of: link.down}
  - {at: 0s, fault: link.down, target: "l7:servers"}
  - {at: 1.5s, name: second, fault: node.freeze, target: l4}
duration: 5s
expect: [held.broken == 0]
`;

test('the first lab is read as it stands', async () => {
  const { scenario, topology } = await load(join(root, 'labs/01-l4-crash/scenario.yaml'));
  expect(topology.name).toBe('three-tier');
  expect(scenario).toMatchObject({
    name: 'an L4 node crashes',
    topologyFile: join(root, 'topologies/three-tier.yaml'),
    seed: 42,
    steady: { forMs: 2000, withinMs: 60_000 },
    durationMs: 12_000,
    timeline: [
      { action: 'inject', atMs: 1000, name: 'crash', fault: 'node.crash', target: 'l4-1', options: {} },
      { action: 'heal', atMs: 8000, name: 'heal-crash', of: 'crash' },
    ],
    control: { set: { 'l4.sloppy_tcp': false } },
  });
  expect(scenario.expect.map(({ expression }) => expression)).toContain('held.moved == held.exposed');
});

test('what is not written has its default', async () => {
  const { scenario } = await loadText(minimal);
  expect(scenario.seed).toBe(1);
  expect(scenario.steady).toEqual({ forMs: 3000, withinMs: 60_000 });
  expect(scenario.traffic).toEqual([
    {
      type: 'held-tcp',
      name: 'held',
      from: 'client',
      to: 'web',
      connections: 10,
      heartbeatMs: 1000,
      timeoutMs: 5000,
      stallMs: 1000,
      uploadBytes: 256,
      downloadBytes: 256,
    },
    { type: 'http', name: 'requests', from: 'client', to: 'web', ratePerSecond: 5, timeoutMs: 2000 },
  ]);
  expect(scenario).not.toHaveProperty('control');
});

test('the timeline comes out in the order of time, faults named after themselves', async () => {
  const { scenario } = await loadText(minimal);
  expect(scenario.timeline.map(({ atMs, name }) => `${atMs} ${name}`)).toEqual([
    '0 link.down',
    '1500 second',
    '4000 heal-link.down',
  ]);
});

test('an expectation knows its line', async () => {
  const { scenario } = await loadText(
    minimal.replace('[held.broken == 0]', '\n  - held.broken == 0\n  # why\n  - held.moved > 0'),
  );
  expect(scenario.expect).toEqual([
    { expression: 'held.broken == 0', line: 13 },
    { expression: 'held.moved > 0', line: 15 },
  ]);
});

test.each([
  ['512', 512],
  ['64KB', 64_000],
  ['64KiB', 65_536],
  ['"1 MB"', 1_000_000],
])('an upload of %s is %i bytes', async (written, bytes) => {
  const { scenario } = await loadText(
    minimal.replace('connections: 10', `connections: 10, upload: ${written}`),
  );
  expect(scenario.traffic[0]).toMatchObject({ uploadBytes: bytes, downloadBytes: 256 });
});

test('the control differs in what it sets, and in nothing else', async () => {
  const { topology, scenario } = await loadText(
    `${minimal}\ncontrol: {set: {l4.sloppy_tcp: false, l4.scheduler: rr}, expect: [held.broken > 0]}\n`,
  );
  const control = scenario.control?.topology ?? topology;
  const options = (name: string, { nodes } = control) => nodes.find((group) => group.name === name)?.options;
  expect(options('l4')).toEqual({ ...options('l4', topology), sloppy_tcp: false, scheduler: 'rr' });
  expect(options('l4', topology)).toMatchObject({ sloppy_tcp: true });
  expect({ ...control, nodes: control.nodes.filter(({ name }) => name !== 'l4') }).toEqual({
    ...topology,
    nodes: topology.nodes.filter(({ name }) => name !== 'l4'),
  });
});

test('a control lasts as long as the run, or as long as it says', async () => {
  const control = (own: string): string =>
    `${minimal}\ncontrol: {set: {l4.sloppy_tcp: false},${own} expect: [held.broken > 0]}\n`;
  const lasting = async (own: string) => {
    const { scenario } = await loadText(control(own));
    return [scenario.durationMs, scenario.control?.durationMs];
  };
  expect(await lasting('')).toEqual([5000, 5000]);
  expect(await lasting(' duration: 12s,')).toEqual([5000, 12_000]);
  await expect(loadText(control(' duration: 2s,'))).rejects.toThrow(
    '4s is after the end of the control: duration is 2s',
  );
});

test('a control may have a topology of its own, with options that differ there', async () => {
  const { topology, scenario } = await loadText(`${minimal.replace('target: l4}', 'target: r}')}
control: {topology: ${root}/topologies/two-tier.yaml, set: {l7.way_back: static}, expect: [held.on.l7-1 > 0]}
`);
  expect(topology.name).toBe('three-tier');
  expect(scenario.control?.topology).toMatchObject({ name: 'two-tier' });
  const l7 = scenario.control?.topology.nodes.find(({ name }) => name === 'l7');
  expect(l7?.options).toMatchObject({ way_back: 'static' });
});

test('what hits nodes that the topology of the control lacks is allowed if the control leaves it out', async () => {
  const control = (skip: string): string =>
    `${minimal}\ncontrol: {topology: ${root}/topologies/two-tier.yaml,${skip} expect: [held.broken > 0]}\n`;
  await expect(loadText(control(''))).rejects.toThrow('in the topology of the control: unknown node "l4"');
  await expect(loadText(control(' skip: [second],'))).resolves.toMatchObject({
    scenario: { control: { topology: { name: 'two-tier' } } },
  });
});

const picky: FaultTable = {
  'table.full': {
    name: 'table.full',
    summary: 'the connection table is full',
    target: 'node',
    kinds: ['ipvs'],
    options: z.object({ entries: z.int().min(1).default(100) }),
  },
};

test('a fault that only some kinds can have hits those, with options of its own and their defaults', async () => {
  const file = join(folder, 'picky.yaml');
  const faultOn = async (entry: string) => {
    const text = minimal.replace(/timeline:\n( {2}.*\n)+/, `timeline:\n  - ${entry}\n`);
    await writeFile(file, `topology: ${root}/topologies/three-tier.yaml\n${text}`);
    return loadScenario(file, { faults: picky, kinds: kindTable, checkExpectation });
  };
  const { scenario } = await faultOn('{at: 1s, fault: table.full, target: l4}');
  expect(scenario.timeline).toMatchObject([{ options: { entries: 100 } }]);
  await expect(faultOn('{at: 1s, fault: table.full, target: l7-1}')).rejects.toThrow(
    'table.full cannot hit "l7-1", which is of kind haproxy\n    kinds that can have it: ipvs',
  );
  await expect(faultOn('{at: 1s, fault: table.full, target: l4, entries: 0}')).rejects.toThrow(
    'entries must be a whole number of at least 1, not 0',
  );
});

test('a control leaves out what it skips and what would undo that, and nothing else', async () => {
  const { scenario } = await loadText(`
name: an upgrade
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 10}
timeline:
  - {at: 1s, action: drain, name: away, target: l4-1, within: 5s}
  - {at: 2s, fault: node.crash, target: l4-1}
  - {at: 3s, action: heal, of: node.crash}
  - {at: 4s, action: undrain, of: away}
duration: 9s
expect: [held.broken == 0]
control: {skip: [away], expect: [held.broken > 0]}
`);
  expect(scenario.timeline).toMatchObject([
    { action: 'drain', name: 'away', target: 'l4-1', withinMs: 5000 },
    { action: 'inject', name: 'node.crash' },
    { action: 'heal', of: 'node.crash' },
    { action: 'undrain', name: 'undrain-away', of: 'away', withinMs: 20_000 },
  ]);
  const { set, skip } = scenario.control ?? {};
  expect({ set, skip }).toEqual({ set: {}, skip: ['away'] });
  expect(scenario.control?.timeline.map(({ name }) => name)).toEqual(['node.crash', 'heal-node.crash']);
});
