/** Hostile files and arguments, as a user meets them: exit code 2, nothing made, nothing that a terminal would obey. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { scratch, tierlab } from './run-cli.ts';

const obeyed = '\\e]0;owned\\a\\e[31m\\e[2J\\x9b31m\\r\\b';

const topology = (name: string): string => `name: ${name}
services: {web: {vip: 198.51.100.1, port: 80}}
networks: {lan: {subnet: 10.0.0.0/24}}
nodes:
  r: {kind: bird, asn: 65000, networks: [lan]}
  l7: {kind: haproxy, networks: [lan], serves: [web], to: web}
  b: {kind: web, networks: [lan]}
`;

test.each([
  ['a name', topology(`"${obeyed}"`)],
  ['a key', `${topology('x')}"${obeyed}": 1\n`],
  ['a kind', topology('x').replace('kind: web', `kind: "${obeyed}"`)],
  ['a reference', topology('x').replace('networks: [lan]', `networks: ["${obeyed}"]`)],
  ['an address', topology('x').replace('198.51.100.1', `"${obeyed}"`)],
  ['a tag', topology(`!<${obeyed}> x`)],
  ['raw control characters', topology('x\u0007y\u009b31m')],
])('control characters in %s do not reach the terminal, and nothing is made', (_, text) => {
  const folder = scratch();
  const home = join(folder, 'home');
  const file = join(folder, 'x.yaml');
  writeFileSync(file, text);
  for (const command of ['validate', 'plan', 'up']) {
    const { exitCode, stdout, stderr } = tierlab([command, file], { env: { TIERLAB_HOME: home } });
    expect({ command, exitCode }, stderr).toEqual({ command, exitCode: 2 });
    expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  }
  expect(existsSync(home)).toBe(false);
});

test.each([
  ['../outside'],
  ['/tmp/outside'],
  ['a/b'],
  ['..'],
  [''],
  ['x;y'],
  ['-'],
  ['x\u001b[31m'],
  ['__proto__'],
])('a lab cannot be called %j: it would be a folder elsewhere', (name) => {
  const folder = scratch();
  const home = join(folder, 'home');
  mkdirSync(join(folder, 'outside'));
  const file = join(inject('packageRoot'), 'topologies/three-tier.yaml');
  for (const args of [
    // On this host nothing would be left running, were the name taken.
    ['up', file, '--host=native', `--lab=${name}`],
    ['down', '--', name],
    ['exec', `--lab=${name}`, 'l4-1', '--', 'true'],
  ]) {
    const { exitCode, stdout, stderr } = tierlab(args, { env: { TIERLAB_HOME: home } });
    expect({ args, exitCode }, `${stdout}${stderr}`).toEqual({ args, exitCode: 2 });
    expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
  expect(existsSync(home)).toBe(false);
  expect(existsSync(join(folder, 'outside'))).toBe(true);
});

test('a scenario may name any file as its topology, but only a topology is taken for one', () => {
  const folder = scratch();
  const file = join(folder, 'scenario.yaml');
  for (const target of [
    '/etc/passwd',
    '/dev/zero',
    '/proc/self/environ',
    '../../../../../../etc/passwd',
    folder,
  ]) {
    writeFileSync(file, `name: x\ntopology: ${target}\n`);
    expect({ target, exitCode: tierlab(['validate', file]).exitCode }).toEqual({ target, exitCode: 2 });
  }
});
