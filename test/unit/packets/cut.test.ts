import { expect, test } from 'vitest';
import { cutFlows } from '../../../src/packets/cut.ts';
import { framesOf, type SwitchFrame } from '../../../src/packets/ring-file.ts';
import type { WantedFlow } from '../../../src/packets/whose.ts';
import type { Plan } from '../../../src/topology/types.ts';
import { blockOf, type Frame } from './blocks.ts';
import { answer, client, ethernet, icmp, ipv4, macs, request, service, tcp } from './frames.ts';

const node = (name: string, mac: string): unknown => ({
  name,
  interfaces: [{ name: 'fabric', mac: mac.replaceAll(/(..)(?!$)/g, '$1:') }],
});
const plan = {
  nodes: [node('r-1', macs.r), node('l4-1', macs.l4), node('l7-1', macs.l7), node('other', macs.other)],
} as unknown as Plan;

const proxy = { address: '10.1.0.1', port: 33_486 };
const backend = { address: '10.1.0.4', port: service.port };
const wanted: WantedFlow = {
  traffic: 'held',
  flow: 3,
  address: client.address,
  port: client.port,
  servicePort: service.port,
  onward: { from: `${proxy.address}:${proxy.port}`, to: `${backend.address}:${backend.port}` },
  fromMs: 10_000,
  toMs: 20_000,
};

const ringOf = (...blocks: readonly Frame[][]): { frames: AsyncIterable<readonly SwitchFrame[]> } => ({
  frames: (async function* () {
    for (const frames of blocks) yield framesOf(blockOf(frames));
  })(),
});

/** What a switch sees of a packet: it comes from one node, and goes to another. */
const crossing = (seconds: number, packet: Buffer, ports = { from: 1, to: 2 }): Frame[] => [
  { seconds, port: ports.from, data: ethernet(packet) },
  { seconds, nanoseconds: 500, port: ports.to, isToNode: true, data: ethernet(packet) },
];
const said = async (...blocks: readonly Frame[][]): Promise<string[]> => {
  const { packets } = await cutFlows([ringOf(...blocks)], [wanted], plan, 0);
  return (packets.get(wanted) ?? []).map(
    ({ node: who, direction, ticks, segment, isOnward }) =>
      `${ticks} ${who} ${direction} ${segment.isQuoted ? 'quoted' : segment.flags}${isOnward ? ' onward' : ''}`,
  );
};

test('a packet is told as its sender and its receiver see it, in a tunnel, and in an error about it', async () => {
  const tunnelled = ipv4('192.0.2.131', '192.0.2.135', 4, request(0x18));
  const error = ipv4('192.0.2.17', '192.0.2.131', 1, icmp(3, 4, tunnelled.subarray(0, 48)));
  const back = [{ seconds: 14, port: 2, data: ethernet(answer(0x04), macs.l4, macs.r) }];
  expect(await said(crossing(11, request(0x10)), crossing(12, tunnelled), crossing(13, error), back)).toEqual(
    [
      '11000000000 r-1 sent 16',
      '11000000500 l4-1 received 16',
      '12000000000 r-1 sent 24',
      '12000000500 l4-1 received 24',
      '13000000000 r-1 sent quoted',
      '13000000500 l4-1 received quoted',
      '14000000000 l4-1 sent 4',
    ],
  );
});

test('others are left alone: the same port at another address, another port, another service, another time', async () => {
  const packets = [
    ipv4('203.0.113.90', service.address, 6, request().subarray(20)),
    request(0x18, client.port + 1),
    ipv4(client.address, service.address, 6, Buffer.from('a02801bb00000000000000005018000000000000', 'hex')),
  ];
  expect(await said(packets.flatMap((packet) => crossing(15, packet)))).toEqual([]);
  expect(await said(crossing(9, request()), crossing(21, request()))).toEqual([]);
  expect(await said(crossing(15, request()))).toHaveLength(2);
});

/** From the proxy to a backend, or back. */
const onward = (flags: number, to = backend): Buffer =>
  ipv4(proxy.address, to.address, 6, tcp(proxy.port, to.port, flags));
const back = (flags: number): Buffer =>
  ipv4(backend.address, proxy.address, 6, tcp(backend.port, proxy.port, flags));

test('the connection from its proxy to a backend is of the flow, and one from the same port to another backend is not', async () => {
  const others = [
    onward(0x18, { ...backend, address: '10.1.0.5' }),
    ipv4(proxy.address, backend.address, 6, tcp(proxy.port + 1, backend.port, 0x18)),
  ];
  const packets = [request(), onward(0x18), ...others, back(0x10)];
  expect(await said(packets.flatMap((packet, i) => crossing(12 + i, packet)))).toEqual([
    '12000000000 r-1 sent 24',
    '12000000500 l4-1 received 24',
    '13000000000 r-1 sent 24 onward',
    '13000000500 l4-1 received 24 onward',
    '16000000000 r-1 sent 16 onward',
    '16000000500 l4-1 received 16 onward',
  ]);
});

test('the beginning of either connection and the end of the onward one are taken whenever they were, but not what had its ends before', async () => {
  const moments: [number, Buffer][] = [
    [1, onward(0x02)],
    [1, onward(0x04)],
    [2, request(0x02)],
    [3, onward(0x02)],
    [4, onward(0x18)],
    [30, request(0x11)],
    [31, back(0x14)],
  ];
  const lines = await said(moments.flatMap(([seconds, packet]) => crossing(seconds, packet)));
  expect(lines.filter((line) => line.includes('sent'))).toEqual([
    '2000000000 r-1 sent 2',
    '3000000000 r-1 sent 2 onward',
    '31000000000 r-1 sent 20 onward',
  ]);
});

test('the handshake is taken whenever it was', async () => {
  expect(await said(crossing(2, request(0x02)), crossing(2, request(0x10)))).toEqual([
    '2000000000 r-1 sent 2',
    '2000000500 l4-1 received 2',
  ]);
});

test('what a switch floods is received by the node that it is for, and by no other', async () => {
  const hello = { seconds: 11, port: 3, data: ethernet(request(0x10, 1), macs.other, macs.r) };
  const known = { ...hello, port: 2, data: ethernet(request(0x10, 1), macs.l4, macs.r) };
  const [sent, received] = crossing(12, request());
  if (sent === undefined || received === undefined) throw new Error('a crossing has two ends');
  const flooded = [sent, received, { ...received, port: 3 }];
  expect(await said([hello, known], flooded)).toEqual([
    '12000000000 r-1 sent 24',
    '12000000500 l4-1 received 24',
  ]);
  // l4-1 is gone, and with it its port: nobody receives what is still sent to it.
  expect(await said([hello], [sent, { ...received, port: 3 }])).toEqual(['12000000000 r-1 sent 24']);
});

test('times are on our clock, and flows of several switches in one order', async () => {
  const rings = [ringOf(crossing(13, answer())), ringOf(crossing(12, request()))];
  const { packets, firstMs } = await cutFlows(rings, [wanted], plan, 500.000001);
  const ticks = packets.get(wanted)?.map((packet) => packet.ticks);
  expect(ticks).toEqual([11_499_999_999n, 11_500_000_499n, 12_499_999_999n, 12_500_000_499n]);
  expect(firstMs.map(Math.round)).toEqual([12_500, 11_500]);
});

test('a block that was cut off gives the packets that are there in full', () => {
  const block = blockOf([...crossing(1, request()), ...crossing(2, answer())]);
  const counts = Array.from(
    { length: block.length - 48 },
    (_, i) => framesOf(block.subarray(0, 48 + i)).length,
  );
  expect(new Set(counts)).toEqual(new Set([0, 1, 2, 3, 4]));
  expect([...counts].sort()).toEqual(counts);
  expect(framesOf(block)).toHaveLength(4);
});
