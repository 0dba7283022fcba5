import { expect, test } from 'vitest';
import {
  type Address,
  compareAddresses,
  contains,
  endpoint,
  formatAddress,
  formatSubnet,
  hostAddress,
  overlaps,
  parseAddress,
  parseEndpoint,
  parseSubnet,
  type Subnet,
  subnetSize,
  usableHosts,
} from '../../../src/base/ip.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(`${text} is no subnet`);
  return parsed;
}

test.each([
  '0.0.0.0',
  '10.1.0.7',
  '127.255.255.255',
  '128.0.0.0',
  '255.255.255.255',
  '::',
  '::1',
  '2001:db8::1',
  '2001:db8:0:1:1:1:1:1',
  '2001:0:0:1::1',
  '1:2:3:4:5:6:7:8',
  'fe80::',
])('%s reads and writes back the same', (text) => {
  expect(formatAddress(address(text))).toBe(text);
});

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.-4',
  '1.2.3.4 ',
  ':1',
  '::1::',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '::12345',
  '::g',
  'fe80::1%eth0',
  '::ffff:1.2.3.4',
  '0x1.2.3.4',
  'a.b.c.d',
])('"%s" is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each([
  '10.0.0.0/8',
  '192.0.2.128/25',
  '203.0.113.7/32',
  '0.0.0.0/0',
  '255.255.255.254/31',
  '2001:db8:1::/64',
  '::/0',
])('%s reads and writes back the same', (text) => {
  expect(formatSubnet(subnet(text))).toBe(text);
});

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
  '2001:db8::1/64',
  '2001:db8::/129',
])('"%s" is no subnet', (text) => {
  expect(parseSubnet(text)).toBeUndefined();
});

test('network and broadcast address are no hosts, except where there are none', () => {
  expect(usableHosts(subnet('192.0.2.0/24'))).toBe(254);
  expect(usableHosts(subnet('192.0.2.0/30'))).toBe(2);
  expect(usableHosts(subnet('192.0.2.0/31'))).toBe(2);
  expect(usableHosts(subnet('192.0.2.0/32'))).toBe(1);
  expect(subnetSize(subnet('0.0.0.0/0'))).toBe(2n ** 32n);
});

test('hosts are counted from the first usable address', () => {
  expect(formatAddress(hostAddress(subnet('192.0.2.0/24'), 0))).toBe('192.0.2.1');
  expect(formatAddress(hostAddress(subnet('192.0.2.0/24'), 253))).toBe('192.0.2.254');
  expect(formatAddress(hostAddress(subnet('192.0.2.4/31'), 0))).toBe('192.0.2.4');
  expect(formatAddress(hostAddress(subnet('255.255.255.0/24'), 9))).toBe('255.255.255.10');
});

test('a subnet contains its first and last address and not their neighbours', () => {
  const high = subnet('200.0.0.128/25');
  const edge = (text: string): boolean => contains(high, address(text));
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

test.each([
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['0:0:1::', '0:0:1::'],
])('%s is written %s, as RFC 5952 says', (written, canonical) => {
  expect(formatAddress(address(written))).toBe(canonical);
});

test('an IPv6 prefix has hosts from its second address on, and more than can be counted', () => {
  const net = subnet('2001:db8:1::/64');
  expect(formatAddress(hostAddress(net, 0))).toBe('2001:db8:1::1');
  expect(formatAddress(hostAddress(net, 65_535))).toBe('2001:db8:1::1:0');
  expect(usableHosts(net)).toBe(Number.MAX_SAFE_INTEGER);
  expect(usableHosts(subnet('2001:db8::/126'))).toBe(3);
  expect(usableHosts(subnet('2001:db8::/127'))).toBe(2);
  expect(usableHosts(subnet('2001:db8::/128'))).toBe(1);
});

test('families do not contain each other', () => {
  expect(contains(subnet('0.0.0.0/0'), address('::1'))).toBe(false);
  expect(overlaps(subnet('0.0.0.0/0'), subnet('::/0'))).toBe(false);
  expect(['2001:db8::2', '10.0.0.9', '2001:db8::1', '9.0.0.0'].sort(compareAddresses)).toEqual([
    '9.0.0.0',
    '10.0.0.9',
    '2001:db8::1',
    '2001:db8::2',
  ]);
});

test('an IPv6 address stands in brackets before a port', () => {
  expect(endpoint('10.0.0.1', 80)).toBe('10.0.0.1:80');
  expect(endpoint('2001:db8::1', 80)).toBe('[2001:db8::1]:80');
  for (const text of ['10.0.0.1:80', '[2001:db8::1]:80'])
    expect(endpoint(parseEndpoint(text)?.address ?? '', parseEndpoint(text)?.port ?? 0)).toBe(text);
  for (const text of ['', '10.0.0.1', 'here:80', '10.0.0.1:', '10.0.0:1'])
    expect(parseEndpoint(text)).toBeUndefined();
});
