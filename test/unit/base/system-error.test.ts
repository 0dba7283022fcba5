import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WorldError } from '../../../src/base/errors.ts';
import { asWorldError } from '../../../src/base/system-error.ts';

const thrown = (code: string): unknown => Object.assign(new Error(`${code}: said the system`), { code });

test.each([
  ['ENOSPC', 'disk-full', 3],
  ['EROFS', 'read-only', 3],
  ['EACCES', 'not-permitted', 3],
  ['EMFILE', 'too-many-files', 3],
  ['ENOMEM', 'out-of-resources', 3],
  ['ECONNREFUSED', 'not-answering', 4],
  ['EIO', 'system-error', 4],
])('%s becomes %s, with exit code %i and what the system said', (system, code, exitCode) => {
  expect(asWorldError(thrown(system))).toMatchObject({
    name: 'WorldError',
    code,
    exitCode,
    details: [`${system}: said the system`],
  });
});

test('what Node throws for real is known, and the file is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-system-'));
  const missing = join(folder, 'missing');
  const read = await readFile(missing).catch(asWorldError);
  expect(read).toMatchObject({ code: 'file-missing', message: expect.stringContaining(missing) });
  const dialled = await new Promise((resolve) => {
    createConnection(missing).once('error', (error) => resolve(asWorldError(error)));
  });
  expect(dialled).toBeInstanceOf(WorldError);
  rmSync(folder, { recursive: true });
});

test('a bug stays a bug', () => {
  const bug = new TypeError('x is undefined');
  expect(asWorldError(bug)).toBe(bug);
  const ours = Object.assign(new Error('a wrong argument'), { code: 'ERR_INVALID_ARG_TYPE' });
  expect(asWorldError(ours)).toBe(ours);
  const known = new WorldError('no lab', { code: 'no-such-lab', exitCode: 4 });
  expect(asWorldError(known)).toBe(known);
});
