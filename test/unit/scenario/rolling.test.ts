import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { describeEntry, loadScenario, type Scenario } from '../../../src/scenario/index.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';

const root = join(import.meta.dirname, '../../..');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-rolling-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(entries: string, control = '', expected = 'requests.errors == 0'): Promise<Scenario> {
  const file = join(folder, 'scenario.yaml');
  await writeFile(
    file,
    `name: an upgrade
topology: ${root}/topologies/three-tier.yaml
traffic: [{name: requests, type: http, from: client, to: web, rate: 10/s}]
timeline:
${entries}
duration: 9s
expect: [${expected}]
${control}`,
  );
  const { scenario } = await loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation });
  return scenario;
}

test('a rolling action has steps with the options of their faults, and defaults', async () => {
  const { timeline } = await load(`
  - {at: 1s, action: rolling, tier: l7, do: [drain, {fault: daemon.kill, daemon: haproxy}, undrain], pause: 1s}
  - {at: 2s, name: upgrade, action: rolling, tier: l4, do: [node.restart], max_unavailable: 2, within: 5s}`);
  expect(timeline).toEqual([
    {
      action: 'rolling',
      atMs: 1000,
      name: 'rolling',
      target: 'l7',
      steps: [
        { action: 'drain' },
        { action: 'inject', fault: 'daemon.kill', options: { daemon: 'haproxy', signal: 'KILL' } },
        { action: 'undrain' },
      ],
      maxUnavailable: 1,
      pauseMs: 1000,
      withinMs: 20_000,
    },
    {
      action: 'rolling',
      atMs: 2000,
      name: 'upgrade',
      target: 'l4',
      steps: [{ action: 'inject', fault: 'node.restart', options: {} }],
      maxUnavailable: 2,
      pauseMs: 0,
      withinMs: 5000,
    },
  ]);
  expect(timeline.map(describeEntry)).toEqual([
    'rolling l7: drain, daemon.kill, undrain',
    'rolling l4: node.restart',
  ]);
});

test('windows may begin with the action, with a step of a node and with its end', async () => {
  const roll = '  - {at: 1s, name: up, action: rolling, tier: l7, do: [drain, node.restart, undrain]}';
  for (const window of ['in up..up-done', 'after up-l7-2-drain', 'in up-l7-3-node.restart..+2s'])
    await expect(load(roll, '', `requests.errors ${window} == 0`)).resolves.toBeDefined();
  await expect(load(roll, '', 'requests.errors after up-l7-4-drain == 0')).rejects.toThrow(
    'nothing in the timeline is named "up-l7-4-drain"',
  );
});

test('a control has other entries in place of some, at the same times, and all others as they are', async () => {
  const { timeline, control } = await load(
    `
  - {at: 1s, name: reload, fault: l7.reload, target: l7}
  - {at: 3s, action: rolling, name: up, tier: l4, do: [drain, node.restart, undrain], within: 5s}
  - {at: 4s, fault: link.down, target: "l7-1:servers"}
  - {at: 5s, action: heal, of: link.down}`,
    `control:
  skip: [link.down]
  replace:
    reload: {fault: daemon.kill, target: l7-2, daemon: haproxy}
    up: {action: rolling, tier: l4, do: [node.restart]}
  expect: [requests.errors after up-l4-1-node.restart > 0]`,
  );
  expect(timeline.map(({ name }) => name)).toEqual(['reload', 'up', 'link.down', 'heal-link.down']);
  expect(control?.timeline).toMatchObject([
    {
      atMs: 1000,
      name: 'reload',
      fault: 'daemon.kill',
      target: 'l7-2',
      options: { daemon: 'haproxy', signal: 'KILL' },
    },
    { atMs: 3000, name: 'up', steps: [{ fault: 'node.restart' }], withinMs: 20_000 },
  ]);
  expect(control?.replace).toEqual({ reload: 'daemon.kill l7-2', up: 'rolling l4: node.restart' });
});
