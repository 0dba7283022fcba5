import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  claimEntry,
  forgetEntry,
  type LabPaths,
  type LedgerEntry,
  labPaths,
  ledgerEntries,
  updateEntry,
} from '../../../src/lab/index.ts';
import { outOfService } from '../../../src/lab/ledger.ts';

test('of many that claim a name at once, one gets it', async () => {
  const lab = await newLab();
  const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => claimEntry(lab, entry('crash', i))));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await ledgerEntries(lab)).toHaveLength(1);
});

test('a lab that is gone has no ledger, and is not made again by who comes too late', async () => {
  const lab = await newLab();
  await rm(lab.directory, { recursive: true });
  await expect(claimEntry(lab, entry('late', 1))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(stat(lab.directory)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('entries come in the order in which they were done, with how each went, until they are forgotten', async () => {
  const lab = await newLab();
  await claimEntry(lab, entry('later', 2));
  await claimEntry(lab, entry('first', 1));
  await updateEntry(lab, { ...entry('first', 1), state: 'landed', evidence: 'cables gone' });
  expect((await ledgerEntries(lab)).map(({ name, state }) => [name, state])).toEqual([
    ['first', 'landed'],
    ['later', 'begun'],
  ]);
  await forgetEntry(lab, 'first');
  await forgetEntry(lab, 'first');
  expect((await ledgerEntries(lab)).map(({ name }) => name)).toEqual(['later']);
});

test('an entry that was cut short as the machine died does not hide the others', async () => {
  const lab = await newLab();
  await claimEntry(lab, entry('whole', 1));
  await writeFile(join(lab.directory, 'faults/torn.json'), '{"name": "to');
  expect((await ledgerEntries(lab)).map(({ name }) => name)).toEqual(['whole']);
});

test('a lab to which nothing was done has no entries', async () => {
  expect(await ledgerEntries(await newLab())).toEqual([]);
});

test('who is dead, frozen or drained is out of service, and nobody else', async () => {
  const lab = await newLab();
  await claimEntry(lab, entry('crash', 1));
  await claimEntry(lab, { ...entry('weight', 2), fault: 'l4.weight', nodes: ['l4-2'] });
  await claimEntry(lab, { ...entry('drain', 3), fault: 'drain', target: 'web', nodes: ['web-1', 'web-2'] });
  expect([...(await outOfService(lab))]).toEqual(['l4-1', 'web-1', 'web-2']);
  await forgetEntry(lab, 'drain');
  expect([...(await outOfService(lab))]).toEqual(['l4-1']);
});

async function newLab(): Promise<LabPaths> {
  const home = await mkdtemp(join(tmpdir(), 'tierlab-ledger-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const lab = labPaths('a', home);
  await mkdir(lab.directory, { recursive: true });
  return lab;
}

const entry = (name: string, at: number): LedgerEntry => ({
  name,
  fault: 'node.crash',
  target: 'l4-1',
  options: {},
  nodes: ['l4-1'],
  at,
  state: 'begun',
  evidence: '',
});
