import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { formatDiagnostic, InputError, WorldError } from '../../../src/base/errors.ts';
import { programsDirectory } from '../../../src/base/programs.ts';
import { seeded } from '../../../src/base/random.ts';
import { suggest } from '../../../src/base/suggest.ts';

test('a near miss is suggested, with all that is known behind it', () => {
  expect(suggest('haproxi', ['web', 'haproxy', 'bird'])).toBe(
    'did you mean "haproxy"? (known: bird, haproxy, web)',
  );
});

test('a far miss only names what is known', () => {
  expect(suggest('kubernetes', ['web', 'bird'], 'kinds')).toBe('kinds: bird, web');
});

test('with nothing known it says so', () => {
  expect(suggest('x', [], 'faults')).toBe('faults: none');
});

test('a problem is told as file:line:column, as far as that is known', () => {
  expect(formatDiagnostic({ file: 'a.yaml', line: 3, column: 7, message: 'no', hint: 'try' })).toBe(
    'a.yaml:3:7 no\n    try',
  );
  expect(formatDiagnostic({ file: 'a.yaml', line: 3, message: 'no' })).toBe('a.yaml:3 no');
  expect(formatDiagnostic({ file: 'a.yaml', message: 'no' })).toBe('a.yaml no');
  // A column without a line says nothing.
  expect(formatDiagnostic({ file: 'a.yaml', column: 7, message: 'no' })).toBe('a.yaml no');
});

test('an error of the input tells all its problems, one a line', () => {
  const error = new InputError([
    { file: 'a.yaml', line: 1, message: 'one' },
    { file: 'a.yaml', line: 2, message: 'two' },
  ]);
  expect(error.message).toBe('a.yaml:1 one\na.yaml:2 two');
});

test('an error of the world keeps its cause and leaves out a hint that there is not', () => {
  const cause = new Error('below');
  const error = new WorldError('above', { code: 'x', exitCode: 3, cause });
  expect(error.cause).toBe(cause);
  expect(error.details).toEqual([]);
  expect(error.hint).toBeUndefined();
});

test('the same seed gives the same sequence, another seed or stream another', () => {
  const first = (seed: number, stream?: string): number[] => {
    const random = seeded(seed, stream);
    return Array.from({ length: 5 }, () => random.integer(1000));
  };
  expect(first(42, 'ports')).toEqual(first(42, 'ports'));
  expect(first(42, 'ports')).not.toEqual(first(42, 'arrivals'));
  expect(first(42, 'ports')).not.toEqual(first(43, 'ports'));
});

test('random integers stay below their limit and reach all of it evenly', () => {
  const random = seeded(7);
  const hits = [0, 0, 0, 0];
  for (let i = 0; i < 40_000; i++) {
    const n = random.integer(4);
    hits[n] = (hits[n] ?? 0) + 1;
  }
  expect(hits).toHaveLength(4);
  // Standard deviation of each is 87: six of them.
  for (const count of hits) expect(Math.abs(count - 10_000)).toBeLessThan(520);
});

test("the bundle's programs are beside it, wherever it is installed", () => {
  const url = (...parts: string[]): string => pathToFileURL(join(...parts)).href;
  expect(programsDirectory(url('/opt/x/dist/tierlab.js'))).toBe('/opt/x/dist');
  expect(programsDirectory(url('/opt/x/dist/chunks/up-abc.js'))).toBe('/opt/x/dist');
  expect(programsDirectory(url('/home/me/tierlab/src/base/programs.ts'))).toBe('/home/me/tierlab/dist');
});
