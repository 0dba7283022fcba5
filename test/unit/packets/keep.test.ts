import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Progress } from '../../../src/base/progress.ts';
import { type FlowInTrouble, keepPackets } from '../../../src/packets/index.ts';
import { readRing } from '../../../src/packets/ring-file.ts';
import type { KeptRings } from '../../../src/packets/rings.ts';
import type { Plan } from '../../../src/topology/types.ts';

/**
 * What the switches of three-tier.yaml saw of two held connections when l4-1 crashed and l4-2 might not take on flows
 * in their middle: one of them was reset by it, the other went through l4-2 all the time.
 */
const recorded = resolve(import.meta.dirname, 'recorded');
const plan = JSON.parse(readFileSync(join(recorded, 'plan.json'), 'utf8')) as Plan;
const resetAtMs = 1_795_246_902_884;
const flow = (address: string, port: number, number: number): FlowInTrouble => ({
  traffic: 'held',
  flow: number,
  address,
  port,
  servicePort: 80,
  fromMs: resetAtMs - 220,
  toMs: resetAtMs,
});
const broken = flow('203.0.113.233', 49_111, 2);

let folder: string;
let said: Progress[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'packets-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const ring = (network: string, file = join(recorded, `${network}.ring`)): KeptRings['rings'][number] => ({
  network,
  frames: readRing(file),
  isCut: false,
  missed: 0,
});
const keep = (rings: KeptRings['rings'], flows: readonly FlowInTrouble[], most = 20) =>
  keepPackets({ rings, clockAheadMs: 0 }, flows, {
    plan,
    runDirectory: folder,
    folder: 'main-pcap',
    most,
    application: 'tierlab 1',
    now: () => 7,
    report: (progress) => void said.push(progress),
  });
const all = (): KeptRings['rings'] => ['internet', 'transit', 'fabric'].map((network) => ring(network));

test('the packets of a broken flow lead from the client over the dead balancer to the RST of the other', async () => {
  const events = await keep(all(), [broken]);
  expect(events).toEqual([
    {
      type: 'packets',
      t: 7,
      client: '203.0.113.233:49111',
      file: 'main-pcap/held-2.pcapng',
      packets: expect.any(Number),
      nodes: expect.arrayContaining(['client', 'edge', 'l4-1', 'l4-2']),
      ended: { by: 'l4-2', with: 'RST' },
    },
  ]);
  expect(events[0]?.nodes.slice(0, 2)).toEqual(['client', 'edge']);

  // Whoever else reads the format is the judge.
  const file = join(folder, 'main-pcap/held-2.pcapng');
  const lines = execFileSync('tcpdump', ['-n', '-tt', '-r', file], { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim()
    .split('\n');
  expect(lines).toHaveLength(events[0]?.packets ?? 0);
  expect(lines[0]).toContain('IP 203.0.113.233.49111 > 198.51.100.1.80: Flags [S]');
  expect(lines.at(-1)).toContain('IP 198.51.100.1.80 > 203.0.113.233.49111: Flags [R]');
  expect(lines.filter((line) => !line.includes('203.0.113.233.49111'))).toEqual([]);
  expect(lines.filter((line) => line.includes('192.0.2.131 > 192.0.2.'))).not.toEqual([]);
  expect([...lines].sort()).toEqual(lines);
  const bytes = readFileSync(file);
  for (const name of ['client:internet', 'edge:transit', 'l4-1:fabric', 'l4-2:fabric'])
    expect(bytes.includes(Buffer.from(name))).toBe(true);
});

test('of more flows than asked for the first are kept, and it is said of how many', async () => {
  const other = flow('203.0.113.55', 46_150, 5);
  expect(await keep(all(), [broken, other])).toHaveLength(2);
  rmSync(join(folder, 'main-pcap'), { recursive: true });
  expect(await keep(all(), [other, broken], 1)).toMatchObject([{ file: 'main-pcap/held-5.pcapng' }]);
  expect(readdirSync(join(folder, 'main-pcap'))).toEqual(['held-5.pcapng']);
  expect(said.at(-1)?.message).toBe(
    `packets of 1 of 2 flows kept in ${folder}/main-pcap (--pcap-flows all: of all)`,
  );
});

test('where nothing was in trouble nothing is kept, and that is said', async () => {
  expect(await keep(all(), [])).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
  expect(said).toEqual([{ type: 'step', message: 'no flow broke or stalled: no packets are kept' }]);
});

test('a file that cannot be written leaves none', async () => {
  const unwritable = { ...flow('203.0.113.55', 46_150, 5), traffic: 'no/folder' };
  await expect(keep(all(), [broken, unwritable])).rejects.toThrow('ENOENT');
  expect(readdirSync(folder)).toEqual([]);
});

test('a ring that went round, one that lost packets and one that ended early are told of', async () => {
  const [internet, transit, fabric] = all();
  if (internet === undefined || transit === undefined || fabric === undefined) throw new Error('three rings');
  const early = { ...broken, fromMs: resetAtMs - 600_000 };
  const rings = [{ ...internet, isCut: true }, { ...transit, missed: 4 }, fabric];
  const trouble = 'cannot keep packets of fabric: No space left on device';
  const options = {
    plan,
    runDirectory: folder,
    folder: 'main-pcap',
    most: 20,
    application: 'tierlab 1',
    now: () => 7,
    report: (progress: Progress) => void said.push(progress),
  };
  expect(await keepPackets({ rings, clockAheadMs: 0, trouble }, [early], options)).toHaveLength(1);
  expect(said.filter(({ type }) => type === 'warning').map(({ message }) => message)).toEqual([
    'packets were not kept to the end: cannot keep packets of fabric: No space left on device',
    '4 packets on transit were missed: too many came at once',
    'the ring of internet was too small: the beginning of 1 flows is missing',
  ]);
});

test('a ring file that ends in the middle of a block, or is not there, gives what it has', async () => {
  const whole = readFileSync(join(recorded, 'fabric.ring'));
  const cut = join(folder, 'cut.ring');
  writeFileSync(cut, whole.subarray(0, whole.length - 100));
  const count = async (file: string): Promise<number> => {
    let frames = 0;
    for await (const some of readRing(file)) frames += some.length;
    return frames;
  };
  const full = await count(join(recorded, 'fabric.ring'));
  expect(await count(cut)).toBe(full - 1);
  expect(await count(join(folder, 'none.ring'))).toBe(0);
});
