/** The loop that plays chaos on ourselves can fail: what it looks for is found. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labPaths } from '../../../src/lab/paths.ts';
import { call, complaints, type Ended } from '../../chaos/command.ts';
import { expectRefused } from '../../chaos/hardship.ts';
import { describe, hardships, planRound } from '../../chaos/plan.ts';
import { verbNames } from '../../chaos/verbs.ts';
import { leftBehind } from '../../left-behind.ts';

const ended: Ended = { argv: ['up'], exitCode: 0, signal: null, said: '', tookMs: 10, hung: false };
const wrong = (what: Partial<Ended>, killed = false): string[] =>
  complaints({ ...ended, ...what }, {}, killed);

test('the same seed gives the same rounds, another one others, and in many rounds all commands have their turn', () => {
  const told = (seed: number): string[] =>
    Array.from({ length: 200 }, (_, i) => describe(planRound(seed, i + 1)));
  expect(told(1)).toEqual(told(1));
  expect(told(2)).not.toEqual(told(1));
  for (const name of [...verbNames, ...hardships.filter((hardship) => hardship !== 'none')])
    expect(told(1).join()).toContain(name);
});

test('a documented exit code with one message is fine, and so is the end of who was killed', () => {
  expect(wrong({})).toEqual([]);
  expect(wrong({ exitCode: 130, said: 'interrupted\n' })).toEqual([]);
  expect(wrong({ exitCode: 4, said: 'error: there is no lab "x"\n  → start one\n' })).toEqual([]);
  expect(wrong({ exitCode: null, signal: 'SIGKILL' }, true)).toEqual([]);
});

test.each<[string, Partial<Ended>, RegExp]>([
  ['another exit code', { exitCode: 9 }, /its exit code is 9/],
  ['a stack trace', { exitCode: 1, said: 'Error: x\n    at run (file:///dist/tierlab.js:1:2)\n' }, /stack/],
  ['a bug', { exitCode: 70, said: 'This is a bug in tierlab' }, /stack/],
  ['no message', { exitCode: 4, said: '' }, /does not say/],
  ['two messages', { exitCode: 4, said: 'error: a\nerror: b\n' }, /2 errors/],
  ['a death that nobody sent', { exitCode: null, signal: 'SIGSEGV' }, /died of SIGSEGV/],
  ['no end', { exitCode: null, signal: 'SIGKILL', hung: true }, /hung/],
])('%s is not', (_, what, complaint) => {
  expect(wrong(what).join()).toMatch(complaint);
});

test('a hardship that did not take effect is none', async () => {
  const disk = mkdtempSync(join(tmpdir(), 'tierlab-disk-'));
  for (const code of ['EROFS', 'ENOSPC'] as const)
    expect(() => expectRefused(disk, code)).toThrow('can be written');
  expect(() => expectRefused(join(disk, 'none'), 'EROFS')).toThrow('ENOENT');
  // More than the kernel allows anybody (fs.nr_open): the command must not be run without the limit.
  const place = { program: 'none', disk, home: disk, folder: disk, host: 'uml', patience: 1 } as const;
  const verb = { argv: [], usualMs: 0, limitMs: 10_000 };
  const { exitCode } = await call(place, verb, { openFiles: 4_000_000_000 }).ended;
  expect(wrong({ exitCode })).toEqual(['its exit code is 99']);
  rmSync(disk, { recursive: true });
});

test('a process and a folder that are left behind are seen, those of another home are not', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tierlab-left-'));
  const { id, directory } = labPaths('stray', home);
  const env = { ...process.env, TIERLAB_TAG: id, TIERLAB_LAB_FOLDER: directory };
  const child = spawn('sleep', ['60'], { env });
  await once(child, 'spawn');
  expect(await leftBehind(home)).toEqual([expect.stringContaining(`process ${child.pid}: sleep 60`)]);
  expect(await leftBehind(`${home}-other`, ['stray'])).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  mkdirSync(directory, { recursive: true });
  expect(await leftBehind(home)).toEqual(['folder of lab stray']);
  rmSync(home, { recursive: true });
});
