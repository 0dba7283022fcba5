/** What `ip` and `sh` are given to make a lab, held against files on record: UPDATE_GOLDEN=1 npm run test:unit. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
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
  await expect(plumbNode(nodeOf('l4-1'), plan, lab, options)).toMatchFileSnapshot(
    join(golden, 'again-l4-1.sh'),
  );
});

test('no file is on record that is not made any more', () => {
  const made = [...plumbLab(plan, lab, options).files.keys()].map((path) => relative(lab.plumbing, path));
  expect(readdirSync(golden).filter((name) => !made.includes(name))).toEqual(['again-l4-1.sh']);
});

test('every script is one that sh accepts', () => {
  const { files, script } = plumbLab(plan, lab, options);
  const scripts = [...files].filter(([path]) => path.endsWith('.sh'));
  expect(files.get(join(lab.plumbing, 'up.sh'))).toBe(script);
  for (const [path, content] of [...scripts, ['again', plumbNode(nodeOf('r-1'), plan, lab, options)]]) {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: content, encoding: 'utf8' });
    expect({ path, status, stderr }).toEqual({ path, status: 0, stderr: '' });
  }
});

test('the same plan gives the same scripts, and another lab of it shares no name with the first', () => {
  const first = plumbLab(plan, lab, options);
  expect([...plumbLab(plan, lab, options).files]).toEqual([...first.files]);
  const second = labPaths('second', '/home/user/.local/state/tierlab');
  const text = [...plumbLab(plan, second, options).files].flat().join('\n');
  expect(text).not.toContain(lab.id);
  expect(text).not.toContain(lab.directory);
});

test('folders whose names a shell would read otherwise come out whole', () => {
  const odd = labPaths('odd', "/home/o'brien/my $(touch x) `labs`");
  const stubs = mkdtempSync(join(tmpdir(), 'tierlab-stubs-'));
  onTestFinished(() => rmSync(stubs, { recursive: true, force: true }));
  for (const name of ['ip', 'nsenter', 'mkdir', 'renice', 'cat'])
    writeFileSync(join(stubs, name), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const script = plumbLab(plan, odd, options).script.replaceAll(/^\. .*\n/gm, '');
  // Nothing but the stubs can be found: they print the words that they were given.
  const { stdout, stderr } = spawnSync('/bin/sh', [], {
    input: script,
    env: { PATH: stubs },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const words = stdout.split('\n');
  for (const name of ['namespaces.batch', 'fabric.batch', 'r-1.sh', 'web-3.batch'])
    expect(words).toContain(join(odd.plumbing, name));
});

test('lanes share the work and lose none of it', () => {
  const entered = (lanes: number): string[] => {
    const { script } = plumbLab(plan, lab, { ...options, lanes });
    return [...script.matchAll(/nsenter --net=\S+ sh \S+?(?=[;)\n])/g)].map(([command]) => command).sort();
  };
  expect(entered(1).length).toBeGreaterThan(5);
  for (const lanes of [2, 3, 4, 50]) expect(entered(lanes)).toEqual(entered(1));
});

test('a lane that fails makes the whole script fail, wherever it stands', () => {
  const { script } = plumbLab(plan, lab, options);
  const lanes = script.split('\n').filter((line) => line.startsWith('(set -e;') || line.startsWith('wait '));
  for (const failing of ['lane0', 'lane1']) {
    const text = lanes
      .map((line) =>
        line.replace(
          /^\(set -e;.*\) &/,
          line.includes(`${failing}=`) ? '(set -e; false; true) &' : '(true) &',
        ),
      )
      .join('\n');
    expect(spawnSync('sh', [], { input: `set -e\n${text}\n` }).status, failing).not.toBe(0);
  }
});

function nodeOf(name: string): (typeof plan.nodes)[number] {
  const found = plan.nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}
