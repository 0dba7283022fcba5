import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from '../../../src/base/make-folder.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-folder-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a folder is made with all above it, by several at once, and again', async () => {
  const deep = join(scratch(), 'a/b/c/d');
  await Promise.all([makeFolder(deep, 0o700), makeFolder(deep, 0o700), makeFolder(join(deep, 'e'), 0o700)]);
  await makeFolder(deep, 0o700);
  expect(statSync(join(deep, 'e')).mode & 0o777).toBe(0o700);
});

test('many that make folders side by side, and those above them, do not disturb one another', async () => {
  const root = scratch();
  for (let round = 0; round < 100; round++) {
    const labs = Array.from({ length: 8 }, (_, lab) => join(root, `home-${round}/labs/lab-${lab}`));
    await Promise.all(labs.map((lab) => makeFolder(lab, 0o700)));
  }
});

test('what stands in the way is told as the system says it', async () => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test('where nothing can be made although all above it is there, nobody tries for ever', async () => {
  await expect(makeFolder('/proc/nowhere/deep')).rejects.toMatchObject({ code: 'ENOENT' });
});
