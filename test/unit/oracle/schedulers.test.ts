import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatAddress } from '../../../src/base/ip.ts';
import {
  buildSourceTable,
  buildTable,
  lookup,
  lookupSource,
  type Server,
  shareOfDifference,
  withWeight,
} from '../../../src/oracle/index.ts';
import { hashWord, offsetKey, skipKey } from '../../../src/oracle/mh-hash.ts';

const servers = serversOf(1, 2, 4, 8, 3);
const fourthAway = servers.map((server, i) => (i === 3 ? withWeight(server, 0) : server));
const recorded = readFileSync(new URL('recorded/choices.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^(mh|sh) /.test(line))
  .map((line) => line.split(' '))
  .map(([scheduler = '', client = '', all = '', away = '']) => ({ scheduler, client, all, away }));

function serversOf(...weights: number[]): Server[] {
  return weights.map((weight, i) => ({
    address: formatAddress({ family: 'ipv4', value: BigInt(0x0a00_0001 + i) }),
    port: 80,
    weight,
  }));
}

function chosen(scheduler: string, list: readonly Server[], client: string): string | undefined {
  const [address = '', port = ''] = client.split(':');
  const place =
    scheduler === 'mh'
      ? lookup(buildTable(list), address, Number(port))
      : lookupSource(buildSourceTable(list), address, Number(port));
  return list[place ?? -1]?.address;
}

test.each(['mh', 'sh'])(
  '%s chooses what a kernel was seen to choose, with all servers and with one away',
  (name) => {
    const own = recorded.filter(({ scheduler }) => scheduler === name);
    expect(own).toHaveLength(100);
    for (const { client, all, away } of own) {
      expect([client, chosen(name, servers, client)]).toEqual([client, all]);
      expect([client, chosen(name, fourthAway, client)]).toEqual([client, away]);
    }
  },
);

test('the hash is SipHash-1-3, as its paper defines it', () => {
  for (let i = 0; i < 200; i++) {
    const word = Math.imul(i, 0x9e37_79b1) >>> 0;
    for (const key of [offsetKey, skipKey]) expect(hashWord(word, key)).toBe(sipHash13(word, key));
  }
});

test('all slots are taken, by all servers alike', () => {
  const { slots } = buildTable(serversOf(...Array.from({ length: 40 }, () => 1)));
  const counts = Array.from({ length: 40 }, (_, place) => slots.filter((slot) => slot === place).length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4093);
  expect(Math.max(...counts) - Math.min(...counts)).toBe(1);
});

test('weights divide the slots, less finely where they are large', () => {
  const share = (list: readonly Server[], place: number): number =>
    buildTable(list).slots.filter((slot) => slot === place).length / 4093;
  expect(share(serversOf(10, 30), 1)).toBeCloseTo(0.75, 2);
  // 300 : 7 is cut to 6 bits: 37 : 1, as 7 would be none at all.
  expect(share(serversOf(300, 7), 1)).toBeCloseTo(1 / 38, 3);
});

test('a server that was added with weight 0 has no slots, one whose weight went to 0 keeps them', () => {
  const [a, b] = serversOf(1, 1) as [Server, Server];
  expect(buildTable([a, { ...b, weight: 0 }]).slots).not.toContain(1);
  const away = buildTable([a, withWeight(b, 0)]);
  expect(away.slots).toEqual(buildTable([a, b]).slots);
  expect(buildTable([a, withWeight(withWeight(b, 0), 1)])).toEqual(buildTable([a, b]));
});

test('without a server that takes flows there is no choice', () => {
  const [a, b] = serversOf(1, 1) as [Server, Server];
  expect(lookup(buildTable([]), '203.0.113.1', 10_000)).toBeUndefined();
  expect(lookup(buildTable([withWeight(a, 0)]), '203.0.113.1', 10_000)).toBeUndefined();
  expect(lookupSource(buildSourceTable([]), '203.0.113.1', 10_000)).toBeUndefined();
  expect(lookupSource(buildSourceTable([withWeight(a, 0)]), '203.0.113.1', 10_000)).toBeUndefined();
  // Without fallback the flows of a server that is away are refused; those of the other are not.
  const table = buildTable([a, withWeight(b, 0)]);
  const found = Array.from({ length: 50 }, (_, i) =>
    lookup(table, '203.0.113.1', 10_000 + i, { fallback: false }),
  );
  expect(new Set(found)).toEqual(new Set([0, undefined]));
});

test('what the kernel would not take is refused', () => {
  expect(() => buildTable(serversOf(...Array.from({ length: 252 }, () => 1)), 251)).toThrow('do not fit');
  expect(() => buildTable([{ address: 'l7-1', port: 80, weight: 1 }])).toThrow('no address');
});

test('the order of insertion changes few slots, and leaving a server out little more than its own', () => {
  const list = serversOf(...Array.from({ length: 10 }, () => 1));
  const canonical = buildTable(list);
  const difference = (order: readonly Server[]): number =>
    shareOfDifference(canonical, buildTable(order), (i, j) => list[i] === order[j]);
  expect(difference(list)).toBe(0);
  expect(difference([...list].reverse())).toBeGreaterThan(0);
  expect(difference([...list].reverse())).toBeLessThan(0.02);
  expect(difference(list.slice(0, -1))).toBeGreaterThan(0.1);
  expect(difference(list.slice(0, -1))).toBeLessThan(0.13);
});

test('a table of 1,000 servers and 65,537 slots takes at most 100 ms', () => {
  const list = serversOf(...Array.from({ length: 1000 }, () => 1));
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    expect(buildTable(list, 65_537).slots).not.toContain(-1);
    return performance.now() - start;
  });
  // The best of five: the machine may be busy.
  expect(Math.min(...times)).toBeLessThan(100);
});

/** Of four bytes, the key's halves alike; slow and plain. @returns the low 32 bits */
function sipHash13(word: number, half: number): number {
  const mask = (1n << 64n) - 1n;
  const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & mask;
  const key = BigInt(half);
  let v0 = 0x736f6d6570736575n ^ key;
  let v1 = 0x646f72616e646f6dn ^ key;
  let v2 = 0x6c7967656e657261n ^ key;
  let v3 = 0x7465646279746573n ^ key;
  const round = (): void => {
    v0 = (v0 + v1) & mask;
    v2 = (v2 + v3) & mask;
    v1 = rotate(v1, 13n) ^ v0;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = rotate(v0, 32n);
    v2 = (v2 + v1) & mask;
    v0 = (v0 + v3) & mask;
    v1 = rotate(v1, 17n) ^ v2;
    v3 = rotate(v3, 21n) ^ v0;
    v2 = rotate(v2, 32n);
  };
  const last = (4n << 56n) | BigInt(word);
  v3 ^= last;
  round();
  v0 ^= last;
  v2 ^= 0xffn;
  round();
  round();
  round();
  return Number((v0 ^ v1 ^ v2 ^ v3) & 0xffffffffn);
}
