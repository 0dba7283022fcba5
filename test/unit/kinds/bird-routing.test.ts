/** What faults write into bird.conf, and that it can be taken back. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routing } from '../../../src/kinds/bird/routing.ts';
import type { NodeView } from '../../../src/kinds/contract.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { nodeOf, threeTier } from './three-tier.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-routing-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A node whose files are in a folder of this machine. */
async function nodeWithFiles(name: string): Promise<{ view: NodeView; text: () => Promise<string> }> {
  const plan = await threeTier();
  const node = nodeOf(plan, name);
  const paths = { files: folder, linked: '/linked', run: folder, programs: folder, node: process.execPath };
  const file = join(folder, 'bird.conf');
  await writeFile(file, kinds[node.kind]?.render(node, plan, paths)['bird.conf'] ?? '');
  const text = (): Promise<string> => readFile(file, 'utf8');
  const ask = (): never => {
    throw new Error('asks nobody');
  };
  const outOfService = async (): Promise<ReadonlySet<string>> => new Set();
  const view = {
    node,
    plan,
    paths,
    exec: ask,
    netlink: ask,
    ask,
    outOfService,
    readFile: (path: string) => readFile(path, 'utf8'),
    writeFile: (path: string, content: string) => writeFile(path, content),
  };
  return { view, text };
}

test('BFD is switched off for the sessions with one peer only, and on again', async () => {
  const { view, text } = await nodeWithFiles('r-1');
  const before = await text();
  await routing.setBfd(view, ['l4-1'], false);
  const changed = await text();
  expect(changed.match(/bfd off;/g)).toHaveLength(1);
  expect(changed).toMatch(/protocol bgp 'to-l4-1-fabric' \{[^}]*?bfd off;/);
  await routing.setBfd(view, ['l4-2'], false);
  expect((await text()).match(/bfd off;/g)).toHaveLength(2);
  await routing.setBfd(view, ['l4-1', 'l4-2'], true);
  expect(await text()).toBe(before);
});

test.each(['r-1', 'l4-1'])('%s says its VIPs to nobody, and says them again', async (name) => {
  const { view, text } = await nodeWithFiles(name);
  const before = await text();
  const letThrough = (config: string): string[] =>
    config.split('\n').filter((line) => line.includes('export where') && !/!is_vip\(\)|RTS_BGP;/.test(line));
  expect(letThrough(before).length).toBeGreaterThan(0);
  await routing.setVips(view, false);
  expect(letThrough(await text())).toEqual([]);
  // What is written twice is taken back at once.
  await routing.setVips(view, false);
  await routing.setVips(view, true);
  expect(await text()).toBe(before);
});
