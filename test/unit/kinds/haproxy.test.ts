import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { NodeView } from '../../../src/kinds/contract.ts';
import { noStates, statesOf } from '../../../src/kinds/haproxy/kept-states.ts';
import { parseServers } from '../../../src/kinds/haproxy/stats.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { nodeOf, threeTier } from './three-tier.ts';

const plan = await threeTier();
const node = nodeOf(plan, 'l7-1');
const paths = { files: '/files', linked: '/linked', run: '/run/l7-1', programs: '/programs', node: '/node' };

test('the state of each backend is read from the stats socket', () => {
  const csv = readFileSync(new URL('recorded/haproxy-stat.csv', import.meta.url), 'utf8');
  expect(parseServers(csv)).toEqual(
    ['web-1', 'web-2', 'web-3'].map((name) => ({
      name,
      backend: 'tl_web',
      status: 'UP',
      check: 'L7OK',
      sessions: 0,
    })),
  );
});

test('an answer without lines has no backends', () => {
  expect(parseServers('\n')).toEqual([]);
});

test('tunnelled packets are taken from every L4 node and from nobody else', () => {
  const batch = kinds.haproxy?.ipBatch(node, plan) ?? [];
  expect(batch.filter((line) => line.includes('ipproto 4'))).toEqual([
    'rule add pref 10 ipproto 4 from 192.0.2.131 lookup local',
    'rule add pref 10 ipproto 4 from 192.0.2.132 lookup local',
    'rule add pref 20 ipproto 4 blackhole',
  ]);
  expect(batch.at(-1)).toBe('rule del pref 0');
});

test('a node behind several services with one port answers the check of that port once', () => {
  const [service] = node.services;
  if (service === undefined) throw new Error('l7-1 serves nothing');
  const services = [service, { ...service, name: 'shop', vip: '198.51.100.2' }];
  const text = kinds.haproxy?.render({ ...node, services }, plan, paths)['haproxy.cfg'] ?? '';
  expect(text.match(/bind \S+/g)).toEqual([
    'bind 192.0.2.133:80',
    'bind 198.51.100.1:80',
    'bind 198.51.100.2:80',
  ]);
  // What differs in its VIP alone has one set of servers, each checked once.
  expect(text.match(/nbsrv\(\S+\)|^backend \S+|default_backend \S+/gm)).toEqual([
    'nbsrv(tl_web)',
    'default_backend tl_web',
    'default_backend tl_web',
    'backend tl_web',
  ]);
});

test('of an open connection is told who holds it, where it leads, since when and for how long', async () => {
  const line =
    '0x5581a3: proto=tcpv4 src=203.0.113.166:34819 fe=web be=tl_web srv=web-1 ts=00 epoch=0 age=23s calls=4 rate=0 ' +
    'cpu=0 lat=0 rq[f=8848202h,i=0,an=00h,rx=59m46s,wx=,ax=] rp[f=88048202h,i=0,an=00h,rx=59m46s,wx=,ax=] ' +
    'scf=[8,0h,fd=239] scb=[8,11h,fd=284] exp=59m40s rc=0 c_exp=';
  const other =
    '0x5581a4: proto=tcpv6 src=2001:db8:f::9:34820 fe=web be=tl_web srv=web-2 ts=00 age=2s calls=4 exp=59m58s rc=0';
  const own = '0x5581b0: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 age=0s';
  const view: NodeView = {
    node,
    plan,
    paths,
    ask: async () => `${line}\n${other}\n${own}\n\n`,
    readFile: () => Promise.reject(new Error('nothing to read')),
    writeFile: () => Promise.reject(new Error('nothing to write')),
    netlink: async () => Buffer.alloc(0),
    outOfService: async () => new Set(),
    exec: () => Promise.reject(new Error('nothing to run')),
  };
  const open = await kinds.haproxy?.tracing?.open(view);
  expect(open?.slice(0, 2)).toEqual([
    {
      client: '203.0.113.166:34819',
      text: 'open: src=203.0.113.166:34819 fe=web be=tl_web srv=web-1 age=23s exp=59m40s',
    },
    {
      client: '[2001:db8:f::9]:34820',
      text: 'open: src=2001:db8:f::9:34820 fe=web be=tl_web srv=web-2 age=2s exp=59m58s',
    },
  ]);
});

test('a line of the log is found by the id that the answers of its connection carry', () => {
  const line = '203.0.113.26:24260 tl_web/web-2 101 -- 9010 26181 bccfd4e0-c466-4e7f-aa5f-ae248daf169b';
  expect(kinds.haproxy?.tracing?.connectionOf(line)).toBe('bccfd4e0-c466-4e7f-aa5f-ae248daf169b');
  expect(kinds.haproxy?.tracing?.connectionOf('[NOTICE] haproxy version is 2.6.12')).toBeUndefined();
});

test('of the states of backends those are kept that somebody took out of use, and of backends that the node still has', () => {
  const line = (name: string, operational: number, admin: number): string =>
    `3 tl_web 1 ${name} 10.1.0.1 ${operational} ${admin} 1 1 2 15 3 3 6 0 0 0 - 80 - 0 0 - - 0`;
  const [drained, inMaintenance, down] = [line('web-1', 2, 8), line('web-2', 0, 1), line('web-3', 0, 0)];
  const heading = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight';
  const said = ['1', heading, drained, inMaintenance, down, line('web-9', 2, 8), '', ''].join('\n');
  expect(statesOf(said, node)).toBe(`1\n${drained}\n${inMaintenance}\n`);
  expect(statesOf(['1', heading, line('web-1', 2, 0), ''].join('\n'), node)).toBe(noStates);
});
