import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { contestedFlows } from '../../../src/oracle/index.ts';
import { chooserOf } from '../../../src/oracle/scheduler.ts';
import { sumOf } from '../../../src/oracle/server.ts';
import { nodeOf, planOf } from '../kinds/three-tier.ts';

const plan = await planOf('dual-stack');
const service = { vip: '2001:db8:100::1', port: 80 };
const recorded = [
  ...readFileSync(new URL('recorded/choices-ipv6.txt', import.meta.url), 'utf8').matchAll(
    /^\[(.+)\]:(\d+) (\S+)$/gm,
  ),
].map(([, address = '', port = '', l7 = '']) => ({ address, port: Number(port), l7 }));

test('mh chooses for IPv6 flows what a kernel was seen to choose', () => {
  const choose = chooserOf(nodeOf(plan, 'l4-1'), service);
  expect(recorded).toHaveLength(60);
  expect(recorded.map(({ address, port }) => choose?.(address, port))).toEqual(recorded.map(({ l7 }) => l7));
});

test('an IPv6 address is folded: clients whose words XOR to the same are one to the hash', () => {
  expect(sumOf('2001:db8::1', 80)).toBe(((0x2001_0db8 ^ 1) + 80) >>> 0);
  expect(sumOf('2001:db8::5:0:1', 80)).toBe(sumOf('2001:db8:0:5::1', 80));
  expect(sumOf('ffff:ffff::', 1)).toBe(0);
});

test('each family has a table, whose order contests flows of its own', () => {
  const isContested = contestedFlows(plan);
  const ports = Array.from({ length: 6000 }, (_, i) => 10_000 + i);
  const contested = (address: string): number[] => ports.filter((port) => isContested('web', address, port));
  const six = contested('2001:db8:f::7');
  expect(six.length).toBeGreaterThan(0);
  expect(six).not.toEqual(contested('203.0.113.7'));
});
