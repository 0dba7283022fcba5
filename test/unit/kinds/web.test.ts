import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../src/base/until.ts';
import type { NodePaths, NodeView } from '../../../src/kinds/contract.ts';
import { web } from '../../../src/kinds/web/index.ts';
import type { Plan, PlannedNode } from '../../../src/topology/types.ts';
import { type Backends, buildPrograms, type Programs } from '../traffic/programs.ts';

const [one, two] = ['127.0.0.31', '127.0.0.32'];
let programs: Programs;
let backends: Backends;

beforeAll(async () => {
  programs = await buildPrograms();
  backends = await programs.startBackends({ 'web-1': one, 'web-2': two });
});

afterAll(() => programs.remove());

const url = (path: string, host = one): string => `http://${host}:${backends.port}${path}`;

const node = (name: string, address: string): PlannedNode => ({
  name,
  group: 'web',
  index: 1,
  kind: 'web',
  interfaces: [
    { name: 'servers', network: 'servers', mac: '02:00:00:00:00:01', address, prefixLength: 24, mtu: 1500 },
  ],
  peers: [],
  routes: [],
  hashFields: 0x37,
  services: [{ name: 'web', vip: '198.51.100.1', port: 8080, protocol: 'http' }],
  announces: false,
  targets: [],
  senders: [],
  options: {},
});
const nodes = [node('web-1', '10.1.0.11'), node('web-2', '10.1.0.12')];
const plan: Plan = { name: 'lab', services: [], networks: [], nodes };
const paths: NodePaths = {
  files: '/lab/web-1',
  linked: '/linked/web-1',
  run: '/run/lab/web-1',
  programs: '/dist',
  node: '/usr/bin/node',
};

/** A view of a node of the running server; the lab's socket path is mapped to the test's. */
const view = (name: 'web-1' | 'web-2'): NodeView => ({
  node: nodes[name === 'web-1' ? 0 : 1] ?? node(name, ''),
  plan,
  paths: { ...paths, run: `/run/lab/${name}` },
  ask: (socket, text, isComplete) => {
    expect(socket).toBe('/run/lab/web-1/web.sock');
    return ask(text, isComplete);
  },
  readFile: () => Promise.reject(new Error('reads no file')),
  writeFile: () => Promise.reject(new Error('nothing to write')),
  netlink: async () => Buffer.alloc(0),
  outOfService: async () => new Set(),
  exec: () => Promise.reject(new Error('starts no process')),
});

async function ask(text: string, isComplete: ((answer: string) => boolean) | undefined): Promise<string> {
  const socket = connect(backends.socket);
  let answer = '';
  socket.write(text);
  for await (const chunk of socket) {
    answer += chunk;
    if (isComplete?.(answer)) break;
  }
  return answer;
}

test('every backend answers with its own name', async () => {
  for (const [host, name] of [
    [one, 'web-1'],
    [two, 'web-2'],
  ] as const) {
    const answer = await fetch(url('/', host), { headers: { 'x-some': 'thing' } });
    expect(answer.headers.get('x-tierlab-backend')).toBe(name);
    expect(await answer.json()).toMatchObject({
      backend: name,
      headers: { 'x-some': 'thing' },
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
  }
});

test('/healthcheck, /status and /delay do as they are told', async () => {
  expect((await fetch(url('/healthcheck'))).status).toBe(200);
  expect((await fetch(url('/status/503'))).status).toBe(503);
  expect((await fetch(url('/status/204'))).status).toBe(204);
  const start = performance.now();
  expect((await fetch(url('/delay/150'))).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThan(145);
});

test('/bytes gives so many bytes, each the low byte of its offset', async () => {
  const bytes = new Uint8Array(await (await fetch(url('/bytes/300001'))).arrayBuffer());
  expect(bytes).toHaveLength(300_001);
  expect(bytes.every((byte, i) => byte === (i & 255))).toBe(true);
});

test('a backend counts the bytes that it was asked for, of closed connections too', async () => {
  const before = await web.measure?.(view('web-2'));
  for (const connection of ['keep-alive', 'close'])
    await fetch(url('/bytes/100000', two), { headers: { connection } }).then((answer) =>
      answer.arrayBuffer(),
    );
  const after = await web.measure?.(view('web-2'));
  const grown = (name: string): number => (after?.[name] ?? 0) - (before?.[name] ?? 0);
  expect(grown('bytes_out')).toBeGreaterThan(200_000);
  expect(grown('bytes_out')).toBeLessThan(203_000);
  expect(grown('bytes_in')).toBeGreaterThan(100);
  expect(grown('bytes_in')).toBeLessThan(3000);
});

test('/stream gives a line each time', async () => {
  const start = performance.now();
  expect(await (await fetch(url('/stream?every=50&count=4'))).text()).toBe(
    'web-1 0\nweb-1 1\nweb-1 2\nweb-1 3\n',
  );
  expect(performance.now() - start).toBeGreaterThan(145);
});

test('/echo gives the upload back with its length and checksum as trailers', async () => {
  const body = Buffer.alloc(3_000_000, 'upload');
  const upload = request(url('/echo'), { method: 'POST' });
  upload.end(body);
  const [answer] = await once(upload, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(body)).toBe(true);
  const sum = crc32(body).toString(16).padStart(8, '0');
  expect(answer.trailers).toEqual({ 'x-tierlab-length': '3000000', 'x-tierlab-crc32': sum });
});

test('/echo?digest gives only length and checksum', async () => {
  const answer = await fetch(url('/echo?digest'), { method: 'PUT', body: 'hello' });
  expect(await answer.json()).toEqual({ backend: 'web-1', length: 5, crc32: crc32('hello').toString(16) });
  expect(answer.headers.get('x-tierlab-length')).toBe('5');
});

test.for([
  ['/nowhere', 404],
  ['/bytes/1073741825', 400],
  ['/bytes/-1', 400],
  ['/bytes/x', 400],
  ['/delay/600001', 400],
  ['/status/99', 400],
  ['/stream?every=0', 400],
  ['/held', 426],
] as const)('%s is refused with %i', async ([path, status]) => {
  expect((await fetch(url(path))).status).toBe(status);
});

test('an upgrade to something else is refused', async () => {
  const socket = connect(backends.port, one);
  socket.write('GET /held HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
});

/** A connection that has begun a request and waits for the answer. */
async function pending(host: string, path: string): Promise<Socket> {
  const socket = connect(backends.port, host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return socket;
}

test('a crashed backend resets its connections and new ones, the other goes on, and revive brings it back', async () => {
  const shared = web.shared;
  if (shared === undefined) throw new Error('nothing shared');
  const socket = await pending(one, '/stream?every=5000');
  await once(socket, 'data');
  const other = await pending(two, '/delay/500');
  const reset = new Promise((resolve) => socket.on('close', resolve));
  await shared.control(view('web-1'), 'crash');
  expect(await shared.state(view('web-1'))).toBe('crashed');
  expect(await shared.state(view('web-2'))).toBe('serving');
  expect((await web.ready(view('web-1'))).ok).toBe(false);
  await reset;
  expect(socket.errored).toMatchObject({ code: 'ECONNRESET' });
  await expect(fetch(url('/'))).rejects.toThrow();
  expect(String((await once(other, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  await shared.control(view('web-1'), 'revive');
  expect((await fetch(url('/'))).status).toBe(200);
});

test('a frozen backend accepts and says nothing, and after thaw answers what came meanwhile', async () => {
  const shared = web.shared;
  if (shared === undefined) throw new Error('nothing shared');
  const before = await pending(one, '/stream?every=20&count=30');
  await once(before, 'data');
  await shared.control(view('web-1'), 'freeze');
  expect(await shared.state(view('web-1'))).toBe('frozen');
  await until(() => ({ ok: before.read() === null, saw: 'data' }), {
    withinMs: 1000,
    why: 'the stream to stop',
  });
  const meanwhile = await pending(one, '/healthcheck');
  let said = 0;
  for (const socket of [before, meanwhile]) socket.on('data', () => said++);
  // The other backend's answer to a slow request shows that time passes.
  await fetch(url('/delay/200', two));
  expect(said).toBe(0);
  expect([before.destroyed, meanwhile.destroyed]).toEqual([false, false]);
  await shared.control(view('web-1'), 'thaw');
  await Promise.all([before, meanwhile].map((socket) => once(socket, 'end')));
  expect(said).toBeGreaterThan(2);
});

test('the server says what it carries, and that it does not know a node', async () => {
  expect((await web.stats?.(view('web-2')))?.facts).toEqual([
    'serving',
    expect.stringMatching(/connections/),
    expect.stringMatching(/^\d+ requests$/),
  ]);
  expect(await ask('{"do":"state","node":"web-7"}\n', (text) => text.endsWith('\n'))).toBe(
    '{"error":"no backend web-7"}\n',
  );
  expect(await ask('rubbish\n', (text) => text.endsWith('\n'))).toContain('not JSON');
});

test('all backends are one daemon, with a socket for every address and port in its namespace', () => {
  const netns = (name: string): string => `/run/netns/${name}`;
  expect(web.daemons(nodes[0] ?? node('', ''), plan, paths)).toEqual([]);
  expect(web.shared?.daemon(nodes, plan, paths, netns).argv).toEqual([
    'perl',
    '/lab/web-1/web-opener.pl',
    '/lab/web-1/web.list',
    '/usr/bin/node',
    '/dist/web.js',
    '/lab/web-1/web.list',
    '/run/lab/web-1/web.sock',
  ]);
  const files = web.shared?.files?.(nodes, plan, paths, netns);
  expect(files?.['web.list']).toBe(
    'web-1\t10.1.0.11\t8080\t/run/netns/web-1\nweb-2\t10.1.0.12\t8080\t/run/netns/web-2\n',
  );
});

test('the opener says which node cannot have its socket, and why', async () => {
  const open = async (row: string): Promise<{ status: number | null; stderr: string }> => {
    const list = join(programs.directory, 'bad.list');
    await writeFile(list, `${row}\n`);
    return spawnSync('perl', [join(programs.directory, 'opener.pl'), list, 'true'], { encoding: 'utf8' });
  };
  expect((await open(`web-1\t${one}\t${backends.port}\t-`)).stderr).toBe(
    `web-1: cannot bind ${one}:${backends.port}: Address already in use\n`,
  );
  expect((await open(`web-2\tnowhere\t80\t-`)).stderr).toBe('web-2: no address: nowhere\n');
  const lost = await open(`web-3\t${one}\t80\t/run/netns/no-such`);
  expect(lost.stderr).toBe('web-3: cannot open namespace /run/netns/no-such: No such file or directory\n');
  expect(lost.status).not.toBe(0);
});

test('the opener opens each socket in its namespace and leaves the server in the first one', async ({
  skip,
}) => {
  if (process.getuid?.() !== 0) skip('entering a network namespace needs root');
  const started: ChildProcess[] = [];
  const spaces = ['10.99.0.1', '10.99.0.2'].map((address) => {
    const script = `ip link set lo up && ip addr add ${address}/32 dev lo && echo up && exec cat`;
    return spawn('unshare', ['-n', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  });
  try {
    await Promise.all(spaces.map(({ stdout }) => once(stdout, 'data')));
    const list = join(programs.directory, 'spaces.list');
    const rows = spaces.map(({ pid }, i) => `web-${i + 1}\t10.99.0.${i + 1}\t80\t/proc/${pid}/ns/net\n`);
    await writeFile(list, rows.join(''));
    const socket = join(programs.directory, 'spaces.sock');
    const command = [join(programs.directory, 'opener.pl'), list, process.execPath];
    const server = spawn('perl', [...command, join(programs.directory, 'web.js'), list, socket], {
      stdio: 'pipe',
    });
    started.push(server);
    await once(server.stdout, 'data');
    expect(await readlink(`/proc/${server.pid}/ns/net`)).toBe(await readlink('/proc/self/ns/net'));
    const answers = spaces.map(({ pid }, i) => {
      const get = ['curl', '-s', '-m', '5', `http://10.99.0.${i + 1}/`];
      return JSON.parse(spawnSync('nsenter', ['-t', String(pid), '-n', ...get], { encoding: 'utf8' }).stdout);
    });
    expect(answers.map(({ backend }) => backend)).toEqual(['web-1', 'web-2']);
  } finally {
    for (const child of [...spaces, ...started]) child.kill('SIGKILL');
  }
});
