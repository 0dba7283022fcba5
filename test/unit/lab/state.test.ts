import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WorldError } from '../../../src/base/errors.ts';
import { type LabPaths, labPaths, netnsName, nodePaths, tierlabHome } from '../../../src/lab/paths.ts';
import {
  claimLab,
  forgetLab,
  isAlive,
  type LabState,
  labNames,
  ownIdentity,
  readState,
  requireLab,
  writeState,
} from '../../../src/lab/state.ts';

test('of many that claim a name at once, one gets it', async () => {
  const home = await newHome();
  const claims = await Promise.all(Array.from({ length: 20 }, () => claimLab(labPaths('a', home))));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await claimLab(labPaths('b', home))).toBe(true);
  expect(await labNames(home)).toEqual(['a', 'b']);
});

test("a lab's folder is the user's alone", async () => {
  const lab = labPaths('a', await newHome());
  await claimLab(lab);
  await writeState(lab, await stateOf(lab));
  expect((await stat(lab.directory)).mode & 0o777).toBe(0o700);
  expect((await stat(lab.state)).mode & 0o777).toBe(0o600);
});

test('a home that cannot be written is told with its remedy', async () => {
  const home = await newHome();
  await writeFile(join(home, 'file'), '');
  const error = await failure(claimLab(labPaths('a', join(home, 'file'))));
  expect(error).toMatchObject({ exitCode: 3, hint: expect.stringContaining('TIERLAB_HOME') });
});

test('a state is written whole or not at all, and read back as it was', async () => {
  const lab = labPaths('a', await newHome());
  await claimLab(lab);
  const state = await stateOf(lab);
  await writeState(lab, state);
  await writeState(lab, { ...state, phase: 'up' });
  expect(await readState(lab)).toEqual({ ...state, phase: 'up' });
  expect(await readdir(lab.directory)).toEqual(['state.json']);
});

test('a state that was cut short counts as lost, not as a crash of ours', async () => {
  const lab = labPaths('a', await newHome());
  await claimLab(lab);
  await writeFile(lab.state, '{"format": 1, "id"');
  expect(await readState(lab)).toBeUndefined();
});

test('a lab that does not exist is told with those that do', async () => {
  const home = await newHome();
  expect(await failure(requireLab('a', { home }))).toMatchObject({
    code: 'no-such-lab',
    exitCode: 4,
    message: 'there is no lab "a"',
    hint: 'no lab is running: start one with `tierlab up TOPOLOGY`',
  });
  await claimLab(labPaths('b', home));
  expect(await failure(requireLab('a', { home }))).toMatchObject({ hint: 'labs: b' });
});

test('a lab still coming up is told apart from one whose creator was killed', async () => {
  const lab = labPaths('a', await newHome());
  const home = join(lab.directory, '../..');
  await claimLab(lab);
  await writeState(lab, await stateOf(lab));
  expect(await failure(requireLab('a', { home }))).toMatchObject({
    code: 'lab-not-up',
    message: 'lab "a" is still coming up',
    hint: `process ${process.pid} is bringing it up`,
  });
  // The same pid, another process: the number was given out again.
  await writeState(lab, { ...(await stateOf(lab)), creator: { pid: process.pid, startTime: '1' } });
  expect(await failure(requireLab('a', { home }))).toMatchObject({
    message: 'lab "a" did not come up',
    hint: 'remove what is left of it with `tierlab down a`',
  });
  await writeState(lab, { ...(await stateOf(lab)), phase: 'failed' });
  expect(await failure(requireLab('a', { home }))).toMatchObject({ message: 'lab "a" did not come up' });
});

test('a lab that did not come up is given to whoever looks into it, as soon as it has a plan', async () => {
  const lab = labPaths('a', await newHome());
  const home = join(lab.directory, '../..');
  await claimLab(lab);
  await writeState(lab, { ...(await stateOf(lab)), phase: 'failed' });
  expect(await failure(requireLab('a', { home, partly: true }))).toMatchObject({
    message: 'lab "a" did not come up',
    hint: 'remove what is left of it with `tierlab down a`',
  });
  const plan = { name: 'a', services: [], networks: [], nodes: [] };
  await writeFile(lab.plan, JSON.stringify(plan));
  expect(await requireLab('a', { home, partly: true })).toMatchObject({ plan, state: { phase: 'failed' } });
  expect(await failure(requireLab('a', { home }))).toMatchObject({
    hint: expect.stringMatching(/^ps, exec, .* work on what is there of it; remove .*`tierlab down a`$/),
  });
});

test('a lab that is up is given with its plan', async () => {
  const lab = labPaths('a', await newHome());
  await claimLab(lab);
  await writeState(lab, { ...(await stateOf(lab)), phase: 'up' });
  const plan = { name: 'a', services: [], networks: [], nodes: [] };
  await writeFile(lab.plan, JSON.stringify(plan));
  expect(await requireLab('a', { home: join(lab.directory, '../..') })).toMatchObject({
    lab,
    plan,
    state: { phase: 'up' },
  });
});

test('a lab is forgotten with all its files, and forgetting again is no error', async () => {
  const home = await newHome();
  const lab = labPaths('a', home);
  await claimLab(lab);
  await mkdir(join(lab.directory, 'nodes/x'), { recursive: true });
  await forgetLab(lab);
  await forgetLab(lab);
  expect(await labNames(home)).toEqual([]);
});

test('without a home there are no labs', async () => {
  expect(await labNames('/nonexistent')).toEqual([]);
});

test('this process is alive, and not the one that had its pid before', async () => {
  const own = await ownIdentity();
  expect(await isAlive(own)).toBe(true);
  expect(await isAlive({ ...own, startTime: '1' })).toBe(false);
  expect(await isAlive({ pid: 2 ** 22 + 1, startTime: own.startTime })).toBe(false);
  // Field 22 of proc(5) counted from the left is right as long as the command has no space.
  const stat = (await readFile('/proc/self/stat', 'utf8')).replace(/\(.*\)/, 'x');
  expect(own.startTime).toBe(stat.split(' ')[21]);
});

test('the id is a function of home and name alone', () => {
  const id = (name: string, home: string): string => labPaths(name, home).id;
  expect(id('a', '/h')).toMatch(/^[0-9a-f]{6}$/);
  expect(id('a', '/h')).toBe(id('a', '/h'));
  expect(new Set([id('a', '/h'), id('b', '/h'), id('a', '/g'), id('ha', '/')]).size).toBe(4);
});

test('a namespace carries its lab, and its sockets have short enough paths', () => {
  const lab = labPaths('a-long-name-for-a-lab', '/home/user/.local/state/tierlab');
  expect(netnsName(lab, 'l4-1')).toBe(`tl-${lab.id}-l4-1`);
  const { run } = nodePaths(lab, 'n'.repeat(15), { directory: '/opt', node: '/usr/bin/node' });
  // sun_path holds 108 bytes (unix(7)).
  expect(`${run}/keepalived.sock`.length).toBeLessThan(108);
});

test.each([
  [{ TIERLAB_HOME: '/a', XDG_STATE_HOME: '/b' }, '/a'],
  [{ XDG_STATE_HOME: '/b' }, '/b/tierlab'],
])('home with %j is %s', (env, home) => {
  expect(tierlabHome(env)).toBe(home);
});

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'tierlab-home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

async function stateOf(lab: LabPaths): Promise<LabState> {
  return {
    format: 1,
    id: lab.id,
    name: lab.name,
    host: 'uml',
    topologyFile: '/t.yaml',
    created: '2026-01-01T00:00:00.000Z',
    phase: 'creating',
    creator: await ownIdentity(),
  };
}

async function failure(promise: Promise<unknown>): Promise<WorldError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof WorldError)) throw new Error(`no WorldError but ${String(error)}`);
  return error;
}
