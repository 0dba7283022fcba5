import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chooseCpu } from '../../../src/hosts/uml/cpu.ts';
import { isKeeper, keeperOrder } from '../../../src/hosts/uml/keeper-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'tierlab-cpu-'));
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process that looks like the keeper of a guest on that CPU. */
function startKeeper(cpu: number): ChildProcess {
  const program = join(folder, 'keeper.js');
  writeFileSync(program, 'setInterval(() => {}, 1000)');
  const child = spawn(process.execPath, ['--max-semi-space-size=1', program, JSON.stringify({ cpu })]);
  started.push(child);
  return child;
}

test('guests started one right after the other do not get the same CPU while one has fewer', () => {
  const first = chooseCpu(7) ?? 0;
  // Several, so that guests of others, which come and go meanwhile, make no difference.
  for (let i = 0; i < 5; i++) startKeeper(first);
  const second = chooseCpu(7);
  if (availableParallelism() > 1) expect(second).not.toBe(first);
  else expect(second).toBe(first);
});

test('a keeper is known, with what it was told, from the moment it is started', () => {
  const { pid = 0 } = startKeeper(3);
  expect(isKeeper(pid)).toBe(true);
  expect(keeperOrder(pid)).toEqual({ cpu: 3 });
  expect(isKeeper(process.pid)).toBe(false);
  expect(keeperOrder(process.pid)).toBeUndefined();
});
