import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import { type Home, makeHome, threeTier } from './tierlab.ts';

describe('whatever dies, down leaves nothing', () => {
  let home: Home;

  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(() => home.remove());

  /** Process id of a lab's guest. */
  const guestOf = async (lab: string): Promise<number> => {
    const record = await readFile(join(home.directory, 'labs', lab, 'guest.json'), 'utf8');
    return (JSON.parse(record) as { pid: number }).pid;
  };

  /** @returns the process id of its guest */
  async function upInGuest(): Promise<number> {
    const up = await home.run('up', threeTier, '--host', 'uml');
    expect(up, up.stderr).toMatchObject({ exitCode: 0 });
    return guestOf('three-tier');
  }

  test.each([50, 400, 1500, 3000, 5000])('the command line is killed %i ms into up', async (ms) => {
    const { child, outcome } = home.start('up', threeTier, '--host', 'uml');
    await delay(ms);
    child.kill('SIGKILL');
    await outcome;
    const down = await home.run('down', '--all');
    expect(down, down.stderr).toMatchObject({ exitCode: 0 });
    expect(await home.inventory()).toEqual([]);
  });

  test('Ctrl-C during up tears down and exits with 130', async () => {
    const { child, outcome } = home.start('up', threeTier, '--host', 'uml');
    await delay(3000);
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ exitCode: 130 });
    expect(await home.inventory()).toEqual([]);
  });

  test('a guest that is killed is named in the next error', async () => {
    const guest = await upInGuest();
    process.kill(guest, 'SIGKILL');
    await delay(500);
    expect(await home.run('exec', 'l4-1', '--', 'true')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/SIGKILL[\s\S]*tierlab down/),
    });
    expect(await home.run('down', 'three-tier')).toMatchObject({ exitCode: 0 });
    expect(await home.inventory()).toEqual([]);
  });

  test('a guest that is stopped: commands say so, Ctrl-C ends them, and down removes it', async () => {
    const guest = await upInGuest();
    process.kill(guest, 'SIGSTOP');
    const asked = home.run('ps', '--format', 'json');
    const { child, outcome } = home.start('ps');
    await delay(2000);
    child.kill('SIGINT');
    await delay(1500);
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ exitCode: 130 });
    const { exitCode, stdout } = await asked;
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({
      exitCode: 4,
      error: { code: 'guest-silent' },
    });
    expect(await home.run('down', 'three-tier')).toMatchObject({ exitCode: 0 });
    expect(await home.inventory()).toEqual([]);
  });

  test('a guest that is stopped in the middle of a test: it ends, and nothing is left', async () => {
    const lab = await scenario('stopped');
    const { child, outcome } = home.start('test', lab, '--host', 'uml', '--format', 'json');
    let said = '';
    child.stderr?.on('data', (chunk: string) => {
      said += chunk;
    });
    await until(() => ({ ok: said.includes('playing the timeline'), saw: said }), {
      withinMs: 60_000,
      why: 'the timeline to begin',
    });
    const [name = ''] = await readdir(join(home.directory, 'labs'));
    process.kill(await guestOf(name), 'SIGSTOP');
    const { exitCode, stdout } = await outcome;
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({
      exitCode: 4,
      error: { code: 'guest-silent' },
    });
    expect(await home.inventory()).toEqual([]);
  });

  test('of two tests that begin one lab at once, one gets it, and the other leaves it alone', async () => {
    const lab = await scenario('twice');
    const both = [1, 2].map((n) =>
      home.run('test', lab, '--host', 'uml', '--runs', join(home.directory, `runs-${n}`), '--format', 'json'),
    );
    const ends = (await Promise.all(both)).sort(
      (a, b) => Number(a.exitCode === 4) - Number(b.exitCode === 4),
    );
    const [first, second] = ends.map(({ exitCode, stdout }) => ({ exitCode, ...JSON.parse(stdout) }));
    expect(second).toMatchObject({ exitCode: 4, error: { code: 'lab-in-use' } });
    // Not `pass`: a machine that is busy may give no verdict.
    expect(first.scenarios, JSON.stringify(first)).toHaveLength(1);
    expect(await home.inventory()).toEqual([]);
  });

  /** A short one, in a file of that name. */
  async function scenario(name: string): Promise<string> {
    const file = join(home.directory, `${name}.yaml`);
    await writeFile(
      file,
      `name: ${name}
topology: ${threeTier}
traffic: [{name: held, type: held-tcp, from: client, to: web, connections: 10, heartbeat: 500ms, timeout: 5s}]
steady: {for: 500ms}
timeline: [{at: 1s, name: crash, fault: node.crash, target: l4-1}]
duration: 2s
expect: [held.broken == 0]
`,
    );
    return file;
  }

  test('two labs live side by side, and one goes without the other', async () => {
    const ups = await Promise.all([
      home.run('up', threeTier, '--host', 'uml', '--lab', 'one'),
      home.run('up', threeTier, '--host', 'uml', '--lab', 'two'),
    ]);
    for (const up of ups) expect(up, up.stderr).toMatchObject({ exitCode: 0 });
    expect(await home.run('ps')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('labs: one, two'),
    });
    expect(await home.run('down', 'one')).toMatchObject({ exitCode: 0 });
    expect(await home.run('exec', 'l4-1', '--lab', 'two', '--', 'true')).toMatchObject({ exitCode: 0 });
    expect(await home.run('down', '--all')).toMatchObject({ exitCode: 0, stdout: 'Removed two.\n' });
    expect(await home.inventory()).toEqual([]);
  });
});
