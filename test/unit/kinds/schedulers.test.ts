/** Services of one L4 group that are scheduled differently, and those that share their servers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { announcedBy, keepalivedConfig } from '../../../src/kinds/ipvs/keepalived.ts';
import { chooserOf } from '../../../src/oracle/index.ts';
import { parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import { checkers, isHere, refusals } from './checkers.ts';
import { nodeOf } from './three-tier.ts';

const text = `
name: schedulers
services:
  one: {vip: 198.51.100.1, port: 80}
  two: {vip: 198.51.100.2, port: 80}
  tls: {vip: 198.51.100.2, port: 443, protocol: tcp}
  old: {vip: 198.51.100.3, port: 80, scheduler: sh}
networks:
  fabric: {subnet: 192.0.2.128/25}
  servers: {subnet: 10.1.0.0/24}
nodes:
  r: {kind: bird, asn: 65000, networks: [fabric]}
  l4: {kind: ipvs, networks: [fabric], serves: [one, two, tls, old], to: l7}
  l7: {kind: haproxy, count: 3, networks: [fabric, servers], serves: [one, two, tls, old], to: web}
  web: {kind: web, networks: [servers]}
`;
const plan = planTopology(topologyOf(parseDocument(text, 'schedulers.yaml'), kindTable), kindTable);
const l4 = nodeOf(plan, 'l4');
const paths = { files: '/files', linked: '/linked', run: '/run', programs: '/programs', node: '/node' };
const config = keepalivedConfig(l4, paths);

test('services that differ in their VIP alone are one group with one check for each server', () => {
  expect(config).toContain('virtual_server_group mh-80 {\n  198.51.100.1 80\n  198.51.100.2 80\n}');
  expect(config.match(/^virtual_server .*$/gm)).toEqual([
    'virtual_server group mh-80 {',
    'virtual_server 198.51.100.2 443 {',
    'virtual_server 198.51.100.3 80 {',
  ]);
  expect(config.match(/HTTP_GET/g)).toHaveLength(9);
});

test('the VIPs of a group are announced together, each under the name that keepalived gives its virtual server', () => {
  expect(config).toContain('lvs_notify_fifo /run/announce.fifo');
  expect(config).toContain('lvs_notify_fifo_script "/usr/bin/perl /linked/announce.pl announce 2.2"');
  expect(announcedBy(l4)).toEqual([
    { name: '[mh-80]:0', servers: 3, vips: ['198.51.100.1', '198.51.100.2'] },
    { name: '[198.51.100.2]:tcp:443', servers: 3, vips: ['198.51.100.2'] },
    { name: '[198.51.100.3]:tcp:80', servers: 3, vips: ['198.51.100.3'] },
  ]);
});

test('a service has its own scheduler, or that of the L4 nodes', () => {
  expect(config.match(/lvs_sched .*|[ms]h-(port|fallback)/g)).toEqual([
    ...['lvs_sched mh', 'mh-port', 'mh-fallback'],
    ...['lvs_sched mh', 'mh-port', 'mh-fallback'],
    ...['lvs_sched sh', 'sh-port', 'sh-fallback'],
  ]);
});

test('the forecast chooses by the scheduler of the service', () => {
  const [one, , , old] = l4.services;
  if (one === undefined || old === undefined) throw new Error('no services');
  const ports = Array.from({ length: 100 }, (_, i) => 10_000 + i);
  const l7s = (service: typeof one): (string | undefined)[] =>
    ports.map((port) => chooserOf(l4, service)?.('203.0.113.7', port));
  expect(l7s(old)).not.toEqual(l7s(one));
  expect(l7s(old)).toEqual(l7s({ ...one, scheduler: 'sh' }));
  expect(chooserOf(l4, { ...one, scheduler: 'rr' })).toBeUndefined();
});

const keepalived = checkers.find(({ program }) => program === 'keepalived');
const here = keepalived !== undefined && isHere(keepalived);
test.skipIf(!here)(`keepalived accepts it${here ? '' : ' (keepalived is not installed)'}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-schedulers-'));
  try {
    if (keepalived !== undefined) expect((await refusals(keepalived, plan, folder)).against).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
