/** A machine that runs out of something: one message with a stable code, the right exit code, and nothing left of the lab. */
import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import { type Home, makeHome, type Outcome, repository, threeTier } from './tierlab.ts';

describe('a machine that runs out of something', () => {
  let home: Home;
  const undo: (() => void)[] = [];

  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(async () => {
    await home.run('down', '--all');
    for (const act of undo.splice(0).reverse()) act();
    await home.remove();
  });

  test('no room for the lab: disk-full, exit code 3', async (context) => {
    mount(context, home.directory, 'size=200k');
    failsWith(await home.run('up', threeTier, '--host', 'uml', '--format', 'json'), 3, 'disk-full');
    expect(await home.inventory()).toEqual([]);
  });

  test('a home that can only be read: state-unwritable, exit code 3', async (context) => {
    mount(context, home.directory, 'ro');
    failsWith(await home.run('up', threeTier, '--host', 'uml', '--format', 'json'), 3, 'state-unwritable');
    const lab = join(repository, 'labs/01-l4-crash');
    const runs = join(home.directory, 'runs');
    failsWith(
      await home.run('test', lab, '--host', 'uml', '--runs', runs, '--format', 'json'),
      3,
      'runs-unwritable',
    );
    expect(await home.inventory()).toEqual([]);
  });

  test('too few open files: too-many-files, exit code 3', async () => {
    for (const limit of [28, 120]) {
      const { child, outcome } = home.start('up', threeTier, '--host', 'uml', '--format', 'json');
      spawnSync('prlimit', [`--pid=${child.pid}`, `--nofile=${limit}:${limit}`]);
      failsWith(await outcome, 3, 'too-many-files');
      expect(await home.inventory()).toEqual([]);
    }
  });

  test('a disk that fills up while a lab is up: what needs none goes on, the rest says so, and down works', async (context) => {
    mount(context, home.directory, 'size=64m');
    await fine('up', threeTier, '--host', 'uml');
    await fine('traffic', 'start', '--connections', '20', '--heartbeat', '200ms');
    fill(home.directory);
    await fine('exec', 'l4-1', '--', 'true');
    // What cannot be recorded ends; what has been can be looked at.
    await until(
      async () => {
        const saw = (await home.run('traffic', 'status')).stdout;
        return { ok: saw.includes(': stopped,'), saw };
      },
      { withinMs: 30_000, why: 'the traffic to end' },
    );
    const refused = [
      ['fault', 'add', 'node.crash', 'l4-1'],
      ['scale', 'l7', '+1'],
      ['traffic', 'start', '--connections', '5'],
    ];
    for (const args of refused) failsWith(await home.run(...args, '--format', 'json'), 3, 'disk-full');
    await rm(join(home.directory, 'filler'));
    // Nothing of what was refused is left in the way.
    await fine('fault', 'add', 'node.crash', 'l4-1');
    await fine('fault', 'heal', '--all');
    await fine('scale', 'l7', '+1');
    fill(home.directory);
    await fine('down', '--all');
    expect(await home.inventory()).toEqual([]);
  });

  test('a history that cannot be written any more: the run ends with disk-full and exit code 3, and its lab goes', async (context) => {
    const runs = `${home.directory}-runs`;
    spawnSync('mkdir', [runs]);
    undo.push(() => void spawnSync('rmdir', [runs]));
    mount(context, runs, 'size=1m');
    const scenario = join(home.directory, 'long.yaml');
    await writeFile(
      scenario,
      `name: long
topology: ${threeTier}
traffic: [{name: held, type: held-tcp, from: client, to: web, connections: 50, heartbeat: 500ms, timeout: 5s}]
steady: {for: 500ms}
timeline: [{at: 50s, name: crash, fault: node.crash, target: l4-1}]
duration: 60s
expect: [held.broken == 0]
`,
    );
    const args = ['test', scenario, '--host', 'uml', '--runs', runs, '--format', 'json'];
    const { outcome } = home.start(...args);
    await until(
      async () => {
        const [run = ''] = await readdir(runs);
        const history = await readFile(join(runs, run, 'main.jsonl'), 'utf8').catch(() => '');
        return { ok: history.includes('"phase":"timeline"'), saw: history.slice(-200) };
      },
      { withinMs: 60_000, why: 'the timeline to begin' },
    );
    const [run = ''] = await readdir(runs);
    expect((await stat(join(runs, run))).mode & 0o777).toBe(0o700);
    expect((await stat(join(runs, run, 'main.jsonl'))).mode & 0o777).toBe(0o600);
    fill(runs);
    const begun = performance.now();
    failsWith(await outcome, 3, 'disk-full');
    // Long before the scenario is over.
    expect(performance.now() - begun).toBeLessThan(40_000);
    expect(await home.inventory()).toEqual([]);
  });

  test('the folder of a lab that is removed while it is up: exit code 4, and down finds what is left', async () => {
    await fine('up', threeTier, '--host', 'uml');
    await rm(join(home.directory, 'labs'), { recursive: true });
    failsWith(await home.run('exec', 'l4-1', '--format', 'json', '--', 'true'), 4, 'no-lab');
    expect(await home.inventory()).not.toEqual([]);
    expect(await home.run('down', '--all')).toMatchObject({ exitCode: 0, stdout: 'Removed three-tier.\n' });
    expect(await home.inventory()).toEqual([]);
  });

  test.each([48, 70, 90])(
    'a guest with %i MiB: exit code 4, with the reason and what to do, before it would fail by itself',
    async (memory) => {
      const begun = performance.now();
      const { exitCode, stderr } = await home.run(
        'up',
        threeTier,
        '--host',
        'uml',
        '--memory',
        String(memory),
      );
      // It says so, or was ended by it.
      expect(stderr).toMatch(/error: .*[Oo]ut of memory: [\s\S]*→ .*--memory/);
      expect(exitCode).toBe(4);
      // Whoever only waits for an answer through the VIPs waits for 30 s, in a guest that takes as long to get there.
      expect(performance.now() - begun).toBeLessThan(45_000);
      expect(await home.inventory()).toEqual([]);
    },
  );

  async function fine(...args: string[]): Promise<void> {
    const { exitCode, stderr } = await home.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
  }

  /** Mounts a tmpfs, which is taken away after the test. */
  function mount(context: TestContext, folder: string, options: string): void {
    context.skip(process.getuid?.() !== 0, 'needs root to mount a disk');
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    expect(status, stderr.toString()).toBe(0);
    undo.push(() => void spawnSync('umount', [folder]));
  }

  function fill(folder: string): void {
    spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'filler')}`, 'bs=4k']);
  }
});

function failsWith({ exitCode, stdout, stderr }: Outcome, expected: number, code: string): void {
  expect(stderr).not.toMatch(/^\s+at /m);
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  expect({ exitCode, code: error.code, message: error.message }).toEqual({
    exitCode: expected,
    code,
    message: expect.stringMatching(/\S/),
  });
}
