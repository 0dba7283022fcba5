import { expect, test } from 'vitest';
import {
  contains,
  formatAddress,
  formatSubnet,
  hostAddress,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  subnetSize,
  usableHosts,
} from '../../../src/base/ip.ts';

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(`${text} is no subnet`);
  return parsed;
}

test.each(['0.0.0.0', '10.1.0.7', '127.255.255.255', '128.0.0.0', '255.255.255.255'])(
  '%s reads and writes back the same',
  (text) => {
    expect(formatAddress(parseAddress(text) ?? -1)).toBe(text);
  },
);

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.-4',
  '1.2.3.4 ',
  '::1',
  '0x1.2.3.4',
  'a.b.c.d',
])('"%s" is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each(['10.0.0.0/8', '192.0.2.128/25', '203.0.113.7/32', '0.0.0.0/0', '255.255.255.254/31'])(
  '%s reads and writes back the same',
  (text) => {
    expect(formatSubnet(subnet(text))).toBe(text);
  },
);

test.each([
  '10.0.0.1/8',
  '192.0.2.129/25',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0.0',
  '10.0.0.0/',
  '/8',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
])('"%s" is no subnet', (text) => {
  expect(parseSubnet(text)).toBeUndefined();
});

test('network and broadcast address are no hosts, except where there are none', () => {
  expect(usableHosts(subnet('192.0.2.0/24'))).toBe(254);
  expect(usableHosts(subnet('192.0.2.0/30'))).toBe(2);
  expect(usableHosts(subnet('192.0.2.0/31'))).toBe(2);
  expect(usableHosts(subnet('192.0.2.0/32'))).toBe(1);
  expect(subnetSize(subnet('0.0.0.0/0'))).toBe(2 ** 32);
});

test('hosts are counted from the first usable address', () => {
  expect(formatAddress(hostAddress(subnet('192.0.2.0/24'), 0))).toBe('192.0.2.1');
  expect(formatAddress(hostAddress(subnet('192.0.2.0/24'), 253))).toBe('192.0.2.254');
  expect(formatAddress(hostAddress(subnet('192.0.2.4/31'), 0))).toBe('192.0.2.4');
  expect(formatAddress(hostAddress(subnet('255.255.255.0/24'), 9))).toBe('255.255.255.10');
});

test('a subnet contains its first and last address and not their neighbours', () => {
  const high = subnet('200.0.0.128/25');
  const edge = (text: string): boolean => contains(high, parseAddress(text) ?? -1);
  expect(['200.0.0.127', '200.0.0.128', '200.0.0.255', '200.0.1.0'].map(edge)).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('overlap is symmetric, and neighbours do not overlap', () => {
  const cases = [
    ['10.0.0.0/8', '10.1.2.0/24', true],
    ['10.0.0.0/25', '10.0.0.128/25', false],
    ['10.0.0.0/24', '10.0.0.0/24', true],
    ['0.0.0.0/0', '255.255.255.255/32', true],
    ['192.0.2.0/31', '192.0.2.2/31', false],
  ] as const;
  for (const [a, b, expected] of cases) {
    expect(overlaps(subnet(a), subnet(b)), `${a} and ${b}`).toBe(expected);
    expect(overlaps(subnet(b), subnet(a)), `${b} and ${a}`).toBe(expected);
  }
});
