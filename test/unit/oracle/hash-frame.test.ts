import { expect, test } from 'vitest';
import { hashFrame } from '../../../src/oracle/hash-frame.ts';

const bytes = (frame: string): Buffer => Buffer.from(frame, 'hex');

test('an IPv4 packet of a flow has its addresses and ports, a right checksum, and its number', () => {
  const frame = bytes(
    hashFrame({ address: '203.0.113.7', port: 20_007, vip: '198.51.100.1', vipPort: 80 }, 77),
  );
  expect(frame).toHaveLength(14 + 20 + 20);
  const ip = frame.subarray(14);
  expect([...ip.subarray(12, 20)]).toEqual([203, 0, 113, 7, 198, 51, 100, 1]);
  expect([ip.readUInt16BE(20), ip.readUInt16BE(22), ip.readUInt32BE(24)]).toEqual([20_007, 80, 77]);
  expect(ip.readUInt16BE(2)).toBe(40);
  // RFC 1071: over the whole header the sum is all ones.
  const words = Array.from({ length: 10 }, (_, i) => ip.readUInt16BE(2 * i));
  expect(words.reduce((sum, word) => sum + word, 0) % 0xffff).toBe(0);
});

test('an IPv6 packet too', () => {
  const frame = bytes(
    hashFrame({ address: '2001:db8:1::a', port: 20_007, vip: '2001:db8::1', vipPort: 80 }, 300),
  );
  expect(frame).toHaveLength(14 + 40 + 20);
  const ip = frame.subarray(14);
  expect(ip.subarray(8, 24).toString('hex')).toBe('20010db800010000000000000000000a');
  expect([ip.readUInt16BE(4), ip[6], ip[7]]).toEqual([20, 6, 64]);
  expect([ip.readUInt16BE(40), ip.readUInt16BE(42), ip.readUInt32BE(44)]).toEqual([20_007, 80, 300]);
});
