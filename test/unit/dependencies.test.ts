/** What we depend on is named with its reason, comes from nowhere in particular, and runs nothing when it is installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string> | undefined>;
const locked = Object.entries(
  (JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }).packages,
).filter(([path]) => path !== '');
const rows = read('docs/dependencies.md')
  .split('\n')
  .filter((line) => line.startsWith('| ['))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('every package is in docs/dependencies.md with its licence, what for, why it and what instead, and no other', () => {
  const names = rows.map(([name = '']) => /^\[(.+?)\]\(https:\/\//.exec(name)?.[1]);
  expect([...names].sort()).toEqual(Object.keys(manifest.devDependencies ?? {}).sort());
  for (const row of rows) {
    expect(row).toHaveLength(5);
    for (const cell of row) expect(cell, row[0]).not.toBe('');
    const name = /^\[(.+?)\]/.exec(row[0] ?? '')?.[1];
    expect(row[1], name).toBe(locked.find(([path]) => path === `node_modules/${name}`)?.[1].license);
  }
});

test('nothing is needed at run time: the product carries all in itself', () => {
  for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies'])
    expect(manifest[key], key).toBeUndefined();
});

test('the lock file names no address to fetch from, and a checksum for all but the binaries of other machines', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved"|"(file|git|git\+ssh|git\+https|http):/);
  for (const [path, { resolved, integrity, optional, os, cpu }] of locked) {
    expect(resolved, path).toBeUndefined();
    // Binaries for other machines are left out here, and their checksums are not known.
    const isForOthers = optional === true && (os !== undefined || cpu !== undefined);
    if (!isForOthers) expect(integrity, path).toMatch(/^sha512-/);
  }
});

test('no package runs a script when it is installed, and neither do we', () => {
  expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
    expect(manifest.scripts?.[script], script).toBeUndefined();
});
