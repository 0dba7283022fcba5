import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Home, makeHome, threeTier } from './tierlab.ts';

describe('whatever dies, down leaves nothing', () => {
  let home: Home;

  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(() => home.remove());

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
    const up = await home.run('up', threeTier, '--host', 'uml');
    expect(up, up.stderr).toMatchObject({ exitCode: 0 });
    const record = JSON.parse(await readFile(join(home.directory, 'labs/three-tier/guest.json'), 'utf8')) as {
      pid: number;
    };
    process.kill(record.pid, 'SIGKILL');
    await delay(500);
    expect(await home.run('exec', 'l4-1', '--', 'true')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/SIGKILL[\s\S]*tierlab down/),
    });
    expect(await home.run('down', 'three-tier')).toMatchObject({ exitCode: 0 });
    expect(await home.inventory()).toEqual([]);
  });

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
