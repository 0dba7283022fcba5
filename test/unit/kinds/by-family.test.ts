import { expect, test } from 'vitest';
import { bird } from '../../../src/kinds/bird/index.ts';
import { byFamily } from '../../../src/kinds/by-family.ts';
import { nodeOf, planOf } from './three-tier.ts';

test('what is lost in one family shows, though the other one has it', () => {
  const ends = [
    { node: 'l4-1', address: '192.0.2.1', value: 1 },
    { node: 'l4-1', address: '2001:db8::1', value: 0 },
    { node: 'l4-2', address: '2001:db8::2', value: 1 },
  ];
  expect(byFamily('way', ends)).toEqual({
    values: { 'way.l4-1': 1, 'way4.l4-1': 1, 'way6.l4-1': 0, 'way.l4-2': 1 },
    nodes: 2,
  });
});

test('a router of both families says of each over whom it has a way', async () => {
  const plan = await planOf('dual-stack');
  const node = nodeOf(plan, 'r-1');
  const [four, six] = [4, 6].map(
    (family) =>
      node.peers.find((peer) => peer.node === 'l4-1' && peer.address.includes(':') === (family === 6))
        ?.address,
  );
  const answer = (request: string): string =>
    request === 'show protocols'
      ? '0000 \n'
      : request.endsWith('tl_kernel')
        ? `1007-198.51.100.1/32 unicast [to-l4-1-fabric 10:00:00.000] * (100) [AS65001i]\n \tvia ${four} on fabric\n0000 \n`
        : '0000 \n';
  const values = await bird.measure?.({
    node,
    plan,
    paths: { files: '/files', linked: '/linked', run: '/run/r-1', programs: '/programs', node: '/node' },
    ask: async (_socket, text) => `0001 BIRD 2.0.12 ready.\n${text.trim().split('\n').map(answer).join('')}`,
    readFile: async () => '',
    writeFile: () => Promise.reject(new Error('nothing to write')),
    netlink: async () => Buffer.alloc(0),
    outOfService: async () => new Set<string>(),
    exec: () => Promise.reject(new Error('nothing to run')),
  });
  expect(values).toMatchObject({ ways: 1, 'way.l4-1': 1, 'way4.l4-1': 1, 'way6.l4-1': 0, 'way.l4-2': 0 });
  expect(six).toContain(':');
});
