import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { NodeView } from '../../../src/kinds/contract.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { idleSeconds, parseConnections } from '../../../src/kinds/ipvs/connections.ts';
import { keepalivedConfig } from '../../../src/kinds/ipvs/keepalived.ts';
import { parseServers, serversOf } from '../../../src/kinds/ipvs/netlink.ts';
import { ipvsOptions } from '../../../src/kinds/ipvs/options.ts';
import { askServers, missingServers } from '../../../src/kinds/ipvs/servers.ts';
import { messagesOf } from './recorded-netlink.ts';
import { nodeOf, threeTier } from './three-tier.ts';

const plan = await threeTier();
const node = nodeOf(plan, 'l4-2');
const recorded = (name: string): string => readFileSync(new URL(`recorded/${name}`, import.meta.url), 'utf8');
const paths = { files: '/files', linked: '/linked', run: '/run/l4-2', programs: '/programs', node: '/node' };

function viewOf(files: Readonly<Record<string, string>>, servers = ''): NodeView {
  return {
    node,
    plan,
    paths,
    ask: () => Promise.reject(new Error('nobody to ask')),
    readFile: async (path) => files[path] ?? Promise.reject(new Error(`no ${path}`)),
    netlink: async () => messagesOf(servers, '198.51.100.1'),
    writeFile: () => Promise.reject(new Error('nothing to write')),
    outOfService: async () => new Set(),
    exec: () => Promise.reject(new Error('no process')),
  };
}

test('the connection table of the kernel is read', () => {
  const connections = parseConnections(recorded('ip_vs_conn.txt'));
  expect(connections).toHaveLength(33);
  expect(connections[0]).toEqual({
    protocol: 'TCP',
    client: '203.0.113.94',
    clientPort: 20343,
    vip: '198.51.100.1',
    port: 80,
    server: '192.0.2.133',
    state: 'FIN_WAIT',
    expires: 119,
  });
});

test('a flow is idle for as long as its timer has run down from its state', () => {
  const [connection] = parseConnections(recorded('ip_vs_conn.txt'));
  if (connection === undefined) throw new Error('nothing recorded');
  const own = { ESTABLISHED: 900, FIN_WAIT: 120 };
  expect(idleSeconds(connection, own)).toBe(1);
  expect(idleSeconds({ ...connection, state: 'ESTABLISHED', expires: 640 }, own)).toBe(260);
  expect(idleSeconds({ ...connection, state: 'ESTABLISHED', expires: 25 }, { ...own, ESTABLISHED: 30 })).toBe(
    5,
  );
  expect(idleSeconds({ ...connection, state: 'CLOSE', expires: 10 }, own)).toBe(0);
});

test('flows name the service and the L7 node that they are sent to', async () => {
  const flows = await kinds.ipvs?.flows?.(viewOf({ '/proc/net/ip_vs_conn': recorded('ip_vs_conn.txt') }));
  expect(flows).toHaveLength(33);
  expect(flows?.at(-1)).toEqual({
    client: '203.0.113.2:20001',
    service: 'web',
    target: 'l7-2',
    idleSeconds: 1,
    state: 'ESTABLISHED',
  });
});

test('the servers of a service are asked for by its address and port', () => {
  const request = serversOf({ vip: '198.51.100.1', port: 80 });
  // IPVS_CMD_GET_DEST, version 1; a service of 44 bytes: AF_INET, TCP, the address in 16 bytes, the port.
  expect(request.toString('hex')).toBe(
    `08010000 ${'30000100'} 06000100 02000000 06000200 06000000 14000300 c6336401${'00'.repeat(12)} 06000400 00500000`.replaceAll(
      ' ',
      '',
    ),
  );
});

test('the servers are read in the order of the kernel, without a process', async () => {
  const servers = await askServers(viewOf({}, recorded('ipvs-netlink.txt')));
  expect(servers).toEqual([
    { service: '198.51.100.1:80', address: '192.0.2.135', weight: 1, active: 0, inactive: 0 },
    { service: '198.51.100.1:80', address: '192.0.2.134', weight: 1, active: 0, inactive: 0 },
    { service: '198.51.100.1:80', address: '192.0.2.133', weight: 1, active: 0, inactive: 1 },
  ]);
});

test('a service that IPVS does not know has no servers', () => {
  expect(parseServers({ vip: '198.51.100.1', port: 80 }, Buffer.alloc(0))).toEqual([]);
});

test('a server without weight and one that is not there are missed', async () => {
  const servers = await askServers(viewOf({}, recorded('ipvs-netlink.txt')));
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error('nothing recorded');
  expect(missingServers(node, servers)).toEqual([]);
  expect(missingServers(node, [first, { ...second, weight: 0 }], new Set(['l7-2']))).toEqual([
    'l7-1 is no server of web yet',
  ]);
  expect(missingServers(node, [first, { ...second, weight: 0 }])).toEqual([
    'l7-1 is no server of web yet',
    'l7-2 has weight 0 for web',
  ]);
});

test('all L4 nodes list the same servers in the same order', () => {
  const [one, two] = ['l4-1', 'l4-2'].map((name) => {
    const files = kinds.ipvs?.render(nodeOf(plan, name), plan, paths);
    return files?.['keepalived.conf'];
  });
  expect(one).toBe(two);
  expect(one?.match(/real_server (\S+)/g)).toEqual([
    'real_server 192.0.2.133',
    'real_server 192.0.2.134',
    'real_server 192.0.2.135',
  ]);
});

test('the protection of a takeover can be switched off', () => {
  const sloppy = (options: Record<string, unknown>) =>
    kinds.ipvs?.sysctls({ ...node, options }, plan)['net/ipv4/vs/sloppy_tcp'];
  expect(sloppy({})).toBe('1');
  expect(sloppy({ sloppy_tcp: false })).toBe('0');
});

test("the timeouts of flows are keepalived's to set: those of the kernel, or what the topology says", () => {
  const line = (options: Readonly<Record<string, unknown>>): string | undefined =>
    keepalivedConfig({ ...node, options: { ...node.options, ...options } }, paths)
      .split('\n')
      .find((text) => text.includes('lvs_timeouts'));
  expect(line({})).toBe('  lvs_timeouts tcp 900 tcpfin 120 udp 300');
  expect(line({ timeouts: { tcp: '30s', udp: '1m' } })).toBe('  lvs_timeouts tcp 30 tcpfin 120 udp 60');
  expect(ipvsOptions.safeParse({ timeouts: { tcp: '1.5s' } }).error?.issues[0]).toMatchObject({
    path: ['timeouts', 'tcp'],
    message: 'expected whole seconds',
  });
});
