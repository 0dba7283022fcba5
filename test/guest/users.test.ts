/** Two users on one machine, and two labs of one user, do not see each other. */
import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, type Outcome, repository, threeTier } from './tierlab.ts';

const isRoot = process.getuid?.() === 0;

/** Ordinary users: numbers that no account has. */
const users = [61_171, 61_172] as const;

describe('two users on one machine', () => {
  const homes = new Map<number, string>();

  beforeAll((): void => {
    if (!isRoot) return;
    for (const user of users) {
      const home = mkdtempSync('/var/tmp/tierlab-user-');
      chownSync(home, user, user);
      homes.set(user, home);
    }
  });
  afterAll(async () => {
    for (const [user, home] of homes) {
      await as(user, home, 'down', '--all');
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('each has a lab of the same name, and neither sees, reaches or removes the other one', async (context) => {
    context.skip(!isRoot, 'needs root to be two users');
    const [first, second] = users;
    const [theirs = '', own = ''] = [homes.get(first), homes.get(second)];
    expect(await as(first, theirs, 'up', threeTier, '--host', 'uml')).toMatchObject({ exitCode: 0 });
    // In one's own home there is nothing to be seen or removed.
    expect(await as(second, own, 'down', '--all')).toMatchObject({
      exitCode: 0,
      stdout: 'There is no lab.\n',
    });
    expect(await as(second, own, 'ps')).toMatchObject({ exitCode: 4 });
    // In the other's one may not even look.
    const attempts = [
      ['ps'],
      ['exec', 'l4-1', '--', 'true'],
      ['down', '--all'],
      ['down', 'three-tier'],
      ['up', threeTier, '--host', 'uml'],
    ];
    for (const args of attempts)
      expect(await as(second, theirs, ...args), args.join(' ')).toMatchObject({ exitCode: 3, stdout: '' });

    expect(await as(second, own, 'up', threeTier, '--host', 'uml')).toMatchObject({ exitCode: 0 });
    expect(await as(second, own, 'down', '--all')).toMatchObject({ stdout: 'Removed three-tier.\n' });
    const alive = await as(first, theirs, 'exec', 'l4-1', '--', 'echo', 'alive');
    expect(alive).toMatchObject({ exitCode: 0, stdout: 'alive\n' });
    for (const folder of ['labs', 'labs/three-tier'])
      expect(statSync(join(theirs, folder)).mode & 0o777, folder).toBe(0o700);
    expect(await as(first, theirs, 'down', '--all')).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(theirs, 'labs'))).toEqual([]);
  });

  function as(user: number, home: string, ...args: string[]): Promise<Outcome> {
    const drop = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', process.execPath];
    const program = join(repository, 'dist/tierlab.js');
    const env = { PATH: process.env.PATH, TIERLAB_HOME: home, NO_COLOR: '1', TIERLAB_QUIET: '1' };
    return collect(
      spawn('setpriv', [...drop, program, ...args], { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }
});
