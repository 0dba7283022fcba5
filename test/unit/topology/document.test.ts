import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import { parseDocument, readDocument } from '../../../src/topology/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-document-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusalOf(content: Uint8Array | string): Promise<string> {
  const file = join(folder, 'file.yaml');
  await writeFile(file, content);
  return refusal(file);
}

async function refusal(file: string): Promise<string> {
  const error: unknown = await readDocument(file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message.replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER');
}

test('a missing file is refused', async () => {
  expect(await refusal(join(folder, 'nowhere.yaml'))).toBe('nowhere.yaml does not exist');
});

test('a path through a file is refused like a missing file', async () => {
  expect(await refusal(join(import.meta.filename, 'x.yaml'))).toMatch(/does not exist$/);
});

test('a directory is refused', async () => {
  expect(await refusal(folder)).toBe('FOLDER is a directory, not a file\n    name the YAML file in it');
});

test('a device is refused before it is read', async () => {
  expect(await refusal('/dev/zero')).toBe('/dev/zero is not a regular file');
});

test('an empty file is refused', async () => {
  expect(await refusalOf(' \n\n')).toBe('file.yaml is empty');
});

test('a file with a NUL byte is refused as no text', async () => {
  expect(await refusalOf(Buffer.from('name: x\0y\n'))).toMatch(/^file\.yaml is not a text file\n/);
});

test('a file that is not UTF-8 is refused as no text', async () => {
  expect(await refusalOf(Buffer.from([0x6e, 0x3a, 0x20, 0xff, 0xfe, 0x0a]))).toMatch(
    /^file\.yaml is not a text file\n/,
  );
});

test('a file over 1 MiB is refused', async () => {
  expect(await refusalOf(`a: ${'x'.repeat(1024 * 1024)}\n`)).toBe(
    'file.yaml is too large: 1048580 bytes, where at most 1048576 (1 MiB) are read',
  );
});

test.each([
  ['brackets', '['.repeat(100_000)],
  ['braces', '{a: '.repeat(50_000)],
  ['lists on one line', '- '.repeat(100_000)],
  ['keys on one line', '? '.repeat(100_000)],
  ['maps', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ['lists', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}-`).join('\n')],
])('a file nested thousands deep (%s) is refused', async (_, text) => {
  expect(await refusalOf(text)).toMatch(/^file\.yaml:\d+ is nested too deeply: more than 100 levels$/);
});

test('a UTF-8 byte order mark is no problem', async () => {
  expect(parseDocument('\uFEFFname: x\n', 'f').value).toEqual({ name: 'x' });
});

test('keys and values know where they stand', () => {
  const { locate } = parseDocument('a:\n  - b: 1\n    c: [x, "y"]\n', 'f');
  expect(locate(['a'], 'key')).toEqual({ file: 'f', line: 1, column: 1 });
  expect(locate(['a', 0, 'c'], 'key')).toEqual({ file: 'f', line: 3, column: 5 });
  expect(locate(['a', 0, 'c', 1])).toEqual({ file: 'f', line: 3, column: 12 });
});

test('the position of something missing is that of the nearest thing around it', () => {
  const { locate } = parseDocument('nodes:\n  l4: {kind: ipvs}\n', 'f');
  expect(locate(['nodes', 'l4', 'to', 3], 'key')).toEqual({ file: 'f', line: 2, column: 3 });
});

test('what an alias or a merge brings in is located where it was written', () => {
  const document = parseDocument('base: &b {kind: ipvs}\nl4: {<<: *b, count: 2}\nl5: *b\n', 'f');
  expect(document.value).toMatchObject({ l4: { kind: 'ipvs', count: 2 }, l5: { kind: 'ipvs' } });
  expect(document.locate(['l4', 'kind'])).toEqual({ file: 'f', line: 1, column: 17 });
  expect(document.locate(['l5', 'kind'])).toEqual({ file: 'f', line: 1, column: 17 });
});

test.each([
  ['a list in itself', 'a: &a [*a]'],
  ['a map merged into itself', 'a: &a {<<: *a}'],
  ['a part of a part', 'a: &a {b: {c: [*a]}}'],
])('%s is refused', (_, text) => {
  expect(() => parseDocument(text, 'f')).toThrow('the alias "*a" stands for something that it is a part of');
});
