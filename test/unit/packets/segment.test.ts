import { describe, expect, test } from 'vitest';
import { endOf, segmentOf } from '../../../src/packets/segment.ts';
import { client, client6, ethernet, icmp, ipv4, ipv6, request, service, service6, tcp } from './frames.ts';

const ends = {
  source: endOf(client.address, client.port),
  destination: endOf(service.address, service.port),
};
const ends6 = {
  source: endOf(client6.address, client6.port),
  destination: endOf(service6.address, service6.port),
};
const [from6, to6] = ['20010db8cafe00000000000000000009', '20010db8000000000000000000000001'];
const request6 = ipv6(from6, to6, 6, tcp(client6.port, service6.port, 0x02));
const [outerFrom6, outerTo6] = [`fd00${'0'.repeat(27)}1`, `fd00${'0'.repeat(27)}2`];
/** Tunnel encapsulation limit (RFC 2473), as ip6_tunnel writes it. */
const encapsulationLimit = (nextHeader: number): Buffer => Buffer.of(nextHeader, 0, 4, 1, 4, 1, 0, 0);

describe('whose a frame is, is found', () => {
  test.each([
    ['in a plain packet', request(0x04), { ...ends, flags: 4, isQuoted: false }],
    [
      'in an IPIP tunnel',
      ipv4('192.0.2.131', '192.0.2.135', 4, request(0x04)),
      { ...ends, flags: 4, isQuoted: false },
    ],
    ['in a plain packet of IPv6', request6, { ...ends6, flags: 2, isQuoted: false }],
    [
      'in a tunnel of IPv6 in IPv6, behind its options',
      ipv6(outerFrom6, outerTo6, 60, Buffer.concat([encapsulationLimit(41), request6])),
      { ...ends6, flags: 2, isQuoted: false },
    ],
    [
      'in IPv6 in IPv4',
      ipv4('192.0.2.1', '192.0.2.2', 41, request6),
      { ...ends6, flags: 2, isQuoted: false },
    ],
    [
      'in IPv4 in IPv6',
      ipv6(outerFrom6, outerTo6, 4, request(0x10)),
      { ...ends, flags: 16, isQuoted: false },
    ],
    [
      'in an error about it',
      ipv4('192.0.2.17', client.address, 1, icmp(3, 4, request().subarray(0, 28))),
      { ...ends, flags: 0, isQuoted: true },
    ],
    [
      'in an error about its tunnel',
      ipv4('192.0.2.17', '192.0.2.131', 1, icmp(3, 4, ipv4('192.0.2.131', '192.0.2.135', 4, request()))),
      { ...ends, flags: 0, isQuoted: true },
    ],
    [
      'in an error of IPv6 about it',
      ipv6(outerFrom6, from6, 58, icmp(2, 0, request6)),
      { ...ends6, flags: 0, isQuoted: true },
    ],
  ])('%s', (_, packet, expected) => {
    expect(segmentOf(ethernet(packet))).toEqual(expected);
  });
});

test('no flow is found in what carries none', () => {
  const echo = ipv4(client.address, service.address, 1, icmp(8, 0, request()));
  const arp = Buffer.concat([Buffer.alloc(12), Buffer.from('0806', 'hex'), Buffer.alloc(46)]);
  const udp = ipv4(client.address, service.address, 17, tcp(1, 2, 0));
  const laterFragment = ipv4(client.address, service.address, 6, tcp(client.port, 80, 0), 0x2003);
  for (const frame of [ethernet(echo), arp, ethernet(udp), ethernet(laterFragment)])
    expect(segmentOf(frame)).toBeUndefined();
});

test('a frame may be cut off anywhere: as soon as the ports are there it is found, without them it is not', () => {
  const frame = ethernet(ipv4('192.0.2.131', '192.0.2.135', 4, request(0x04)));
  const ports = 14 + 20 + 20 + 4;
  for (let length = 0; length <= frame.length; length++) {
    const found = segmentOf(frame.subarray(0, length));
    expect(found === undefined).toBe(length < ports);
    if (found !== undefined) expect(found.flags).toBe(length < ports + 10 ? 0 : 4);
  }
});

test('an address is the same however it is written, and what is none is refused', () => {
  expect(endOf('2001:db8:0:0::9', 1)).toBe(endOf('2001:0DB8::9', 1));
  expect(endOf('::', 1)).toBe(endOf('0:0:0:0:0:0:0:0', 1));
  for (const wrong of ['', 'web', '1.2.3', '1:2:3', '1::2::3', '::12345'])
    expect(() => endOf(wrong, 1)).toThrow('no address');
});
