/** The machine of its own on which chaos is played: whoever is on it is alone, reaches nobody, and leaves nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onOwnMachine, whyNoOwnMachine } from './own-machine.ts';
import { repository } from './tierlab.ts';

const isRoot = process.getuid?.() === 0;
const ordinary = ['setpriv', '--reuid=61171', '--regid=61171', '--clear-groups'];

/** Each line of its output is something that is there, or that could be done. */
const look = `
ls /run /dev/shm | grep -v -e : -e '^$' -e '^mount$'
ip -o link | grep -v ' lo: '
[ "$(ls -d /proc/[0-9]* | wc -l)" -le 6 ] || echo crowded
touch /tmp/stray /var/tmp/stray /usr/stray 2>/dev/null && echo wrote
kill -0 ${process.pid} 2>/dev/null && echo reached
mount -t tmpfs -o size=16k tmpfs /run && touch /run/here && test -e /run/here && echo mounted
`;

describe.each([
  ['whoever runs this', []],
  ['an ordinary user', ordinary],
])('a machine of its own, made by %s', (_, as) => {
  test('has nothing but what it began with, can be written nowhere else, and lets itself be mounted upon', (context) => {
    context.skip(as.length > 0 && !isRoot, 'needs root to be somebody else');
    const why = whyNoOwnMachine(as);
    context.skip(why !== undefined, why);
    expect(onOwnMachine(look, as)).toEqual({ exitCode: 0, said: 'mounted\n' });
    for (const folder of ['/tmp', '/var/tmp', '/usr']) expect(existsSync(`${folder}/stray`)).toBe(false);
  });

  test('passes on the exit code, and ends with all that runs on it', (context) => {
    const why = whyNoOwnMachine(as);
    context.skip(why !== undefined, why);
    const mark = `sleep ${987_000 + Math.floor(Math.random() * 1000)}`;
    expect(onOwnMachine(`setsid ${mark} & exit 7`, as).exitCode).toBe(7);
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(stdout).toContain('ps -eo args');
    expect(stdout).not.toContain(mark);
  });
});

test('an ordinary user has labs there, although the files of root belong to nobody in that user namespace', {
  timeout: 120_000,
}, (context) => {
  context.skip(!isRoot, 'needs root to be somebody else');
  const why = whyNoOwnMachine(ordinary);
  context.skip(why !== undefined, why);
  const program = join(repository, 'dist/tierlab.js');
  const topology = join(repository, 'topologies/two-tier.yaml');
  const tierlab = `TIERLAB_HOME=/run/home ${process.execPath} ${program}`;
  const script = `${tierlab} up ${topology} -q --host uml && ${tierlab} exec client -- echo inside; ${tierlab} down --all; ls /run/home/labs`;
  const { said } = onOwnMachine(script, ordinary, 100_000);
  expect(said).toMatch(/Lab two-tier is up[\s\S]*\ninside\nRemoved two-tier\.\n$/);
});
