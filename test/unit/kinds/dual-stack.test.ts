/** What the kernel says of a lab with both families, recorded in l4-1 and l4-2 of topologies/dual-stack.yaml. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseBfdSessions, parseReplies, parseRoutes } from '../../../src/kinds/bird/control.ts';
import { expectedWays } from '../../../src/kinds/bird/ways.ts';
import type { NodeView } from '../../../src/kinds/contract.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { parseConnections } from '../../../src/kinds/ipvs/connections.ts';
import { parseServers } from '../../../src/kinds/ipvs/netlink.ts';
import { missingServers, readable } from '../../../src/kinds/ipvs/servers.ts';
import { messagesOf } from './recorded-netlink.ts';
import { nodeOf, planOf } from './three-tier.ts';

const plan = await planOf('dual-stack');
const l4 = nodeOf(plan, 'l4-1');
const recorded = (name: string): string =>
  readFileSync(new URL(`recorded/dual-stack-${name}`, import.meta.url), 'utf8');

test('the servers of both families are found', () => {
  const text = recorded('ipvs-netlink.txt');
  const servers = l4.services.flatMap((service) => parseServers(service, messagesOf(text, service.vip)));
  expect(missingServers(l4, servers)).toEqual([]);
  expect(servers.map(({ service, address }) => `${service} ${address}`)).toEqual([
    '198.51.100.1:80 192.0.2.135',
    '198.51.100.1:80 192.0.2.134',
    '198.51.100.1:80 192.0.2.133',
    '[2001:db8:100::1]:80 2001:db8:3::7',
    '[2001:db8:100::1]:80 2001:db8:3::6',
    '[2001:db8:100::1]:80 2001:db8:3::5',
  ]);
  const without = servers.filter(({ address }) => address !== '2001:db8:3::6');
  expect(missingServers(l4, without)).toEqual(['l7-2 is no server of web yet']);
});

test('the table of connections is read in both families', async () => {
  const text = recorded('ip_vs_conn.txt');
  expect(parseConnections(text)[0]).toEqual({
    protocol: 'TCP',
    client: '2001:db8:f::77',
    clientPort: 0x6a7c,
    vip: '2001:db8:100::1',
    port: 80,
    server: '2001:db8:3::7',
    state: 'FIN_WAIT',
    expires: 118,
  });
  const view = { node: l4, plan, readFile: async () => text } as unknown as NodeView;
  expect((await kinds.ipvs?.flows?.(view))?.map(({ client, target }) => `${client} ${target}`)).toEqual([
    '[2001:db8:f::77]:27260 l7-3',
    '192.0.2.1:23550 l7-2',
    '192.0.2.1:23548 l7-3',
    '[2001:db8:1::1]:38010 l7-3',
  ]);
});

test.each([
  ['C6336401', '198.51.100.1'],
  ['198.51.100.1:80', '198.51.100.1:80'],
  ['2001:0db8:0100:0000:0000:0000:0000:0001', '2001:db8:100::1'],
  ['[2001:db8:100::1]:8080', '[2001:db8:100::1]:8080'],
  ['[2001:db8:100::1]', '2001:db8:100::1'],
  ['localhost', 'localhost'],
])('%s is read as %s', (text, address) => {
  expect(readable(text)).toBe(address);
});

test('sessions and ways of either family are read from what BIRD says', () => {
  const [bfd = [], routes = []] = parseReplies(
    [
      '1020-tl_bfd:',
      ' IP address                Interface  State      Since         Interval  Timeout',
      ' 2001:db8:3::3             fabric     Up         2026-11-21 01:14:49.420    0.100    0.500',
      ' 192.0.2.131               fabric     Down       2026-11-21 01:14:49.420    0.100    0.500',
      '0000 ',
      '1007-Table master6:',
      ' 2001:db8:100::1/128  unicast [to-l4-1-fabric_v6 01:14:51.963] * (100) [AS4200000004i]',
      ' \tvia 2001:db8:3::3 on fabric weight 1',
      ' \tvia 2001:db8:3::4 on fabric weight 1',
      '0000 ',
      '',
    ].join('\n'),
  );
  expect(parseBfdSessions(bfd)).toEqual([
    { address: '2001:db8:3::3', interface: 'fabric', state: 'Up' },
    { address: '192.0.2.131', interface: 'fabric', state: 'Down' },
  ]);
  expect(parseRoutes(routes)).toEqual([
    {
      prefix: '2001:db8:100::1/128',
      protocol: 'to-l4-1-fabric_v6',
      primary: true,
      nextHops: [
        { address: '2001:db8:3::3', interface: 'fabric' },
        { address: '2001:db8:3::4', interface: 'fabric' },
      ],
    },
  ]);
});

test('a router expects the ways of each family over neighbours of that family', () => {
  const ways = expectedWays(nodeOf(plan, 'r-1'), plan).map(
    ({ prefix, nextHops }) => `${prefix}: ${nextHops.map(({ address }) => address).join(' ')}`,
  );
  expect(ways.toSorted()).toEqual([
    '192.0.2.0/28: 192.0.2.17',
    '198.51.100.1/32: 192.0.2.131 192.0.2.132',
    '2001:db8:100::1/128: 2001:db8:3::3 2001:db8:3::4',
    '2001:db8:1::/64: 2001:db8:2::1',
    '2001:db8:f::/64: 2001:db8:2::1',
    '203.0.113.0/24: 192.0.2.17',
  ]);
});
