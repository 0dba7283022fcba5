/** Hostile files and arguments, as a user meets them: exit code 2, nothing made, nothing that a terminal would obey. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test, vi } from 'vitest';
import { WorldError } from '../../../src/base/errors.ts';
import { createContext } from '../../../src/cli/context.ts';
import { reportFailure } from '../../../src/cli/failure.ts';
import { table } from '../../../src/cli/table.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { labPaths } from '../../../src/lab/paths.ts';
import { writePlan } from '../../../src/lab/written-plan.ts';
import { loadTopology, planTopology } from '../../../src/topology/index.ts';
import { scratch, tierlab } from './run-cli.ts';

const obeyed = '\\e]0;owned\\a\\e[31m\\e[2J\\x9b31m\\r\\b';

const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

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
    expect(`${stdout}${stderr}`).not.toMatch(controls);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  }
  expect(existsSync(home)).toBe(false);
});

/** What a client may make a proxy log: it clears the screen, rings, names the terminal, and pretends to be another line. */
const logged = '\u001b[2J\u0007\u001b]0;owned\u0007\u009b31m\rok\u001b[31mred';

test("a daemon's log is shown without what a terminal would obey, and as JSON can be had as it is", async () => {
  const home = scratch();
  const lab = labPaths('x', home);
  mkdirSync(join(lab.directory, 'logs/l7-1'), { recursive: true });
  const file = join(inject('packageRoot'), 'topologies/three-tier.yaml');
  writeFileSync(lab.plan, writePlan(planTopology(await loadTopology(file, kindTable), kindTable)));
  writeFileSync(lab.state, JSON.stringify({ format: 1, name: 'x', host: 'native', phase: 'up' }));
  writeFileSync(join(lab.directory, 'logs/l7-1/haproxy.log'), `${logged}\n`);
  const shown = tierlab(['logs', 'l7-1'], { env: { TIERLAB_HOME: home, FORCE_COLOR: '1' } });
  expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('owned') });
  expect(shown.stdout).not.toMatch(controls);
  const { stdout } = tierlab(['logs', 'l7-1', '--format', 'json'], { env: { TIERLAB_HOME: home } });
  expect(stdout).not.toMatch(controls);
  expect(JSON.parse(stdout)).toEqual({ node: 'l7-1', logs: { haproxy: [logged] } });
});

test('the last words of a daemon in an error, progress and tables are text and nothing else', () => {
  const written: string[] = [];
  const write = (text: unknown): boolean => written.push(String(text)) > 0;
  const spies = [vi.spyOn(process.stderr, 'write'), vi.spyOn(process.stdout, 'write')];
  for (const spy of spies) spy.mockImplementation(write);
  const context = createContext('1', { quiet: false }, new AbortController().signal);
  const error = new WorldError(logged, { code: 'x', exitCode: 4, details: [logged], hint: logged });
  reportFailure(error, context, false);
  context.report({ type: 'step', message: logged });
  context.print(table(['A', 'B'], [[logged, logged]]));
  context.print(logged.replace('\u001b[31m', ''));
  for (const spy of spies) spy.mockRestore();
  expect(written).toHaveLength(4);
  expect(written.join('')).not.toMatch(controls);
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
    expect(`${stdout}${stderr}`).not.toMatch(controls);
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
