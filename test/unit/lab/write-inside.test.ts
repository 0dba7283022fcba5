import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import type { Host } from '../../../src/hosts/contract.ts';
import { writeInside } from '../../../src/lab/write-inside.ts';

/** Programs run where the test does: all that is asked of a host here. */
const host = {
  exec: async ([file = '', ...argv]: readonly string[], { input = '' }: { input?: string } = {}) => {
    const { exitCode = 1, stdout, stderr } = await execa(file, argv, { input, reject: false });
    return { exitCode, stdout, stderr };
  },
} as unknown as Host;

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tierlab-inside-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('files are written whole and in place, whatever they are called and hold', async () => {
  const folder = await scratch();
  const old = join(folder, "it's an \n $odd `name`");
  await writeFile(old, 'longer than what replaces it');
  const { ino } = await stat(old);
  const files = new Map([
    [old, 'größer\n\tals\\zuvor'],
    [join(folder, 'empty'), ''],
  ]);
  await writeInside(host, files);
  for (const [path, content] of files) expect(await readFile(path, 'utf8')).toBe(content);
  expect((await stat(old)).ino).toBe(ino);
  expect((await stat(join(folder, 'empty'))).mode & 0o777).toBe(0o600);
});

test('what cannot be written is told with its name', async () => {
  const path = join(await scratch(), 'nowhere/file');
  await expect(writeInside(host, new Map([[path, 'x']]))).rejects.toThrow(`${path}: No such file`);
});
