/** Backends that misbehave, as real processes on loopback. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../../src/base/until.ts';
import { type Backends, buildPrograms, heldJob, job, type Programs } from '../traffic/programs.ts';

const address = '127.0.0.41';
const other = '127.0.0.42';
let programs: Programs;
let backends: Backends;

beforeAll(async () => {
  programs = await buildPrograms();
  backends = await programs.startBackends({ 'web-1': address, 'web-2': other });
});
beforeEach(() => behave({ slow: null, errors: null, refuse: null, hang: null, halfOpen: null }));
afterAll(() => programs.remove());

async function behave(behaviour: Record<string, unknown>): Promise<Record<string, unknown>> {
  const socket = connect(backends.socket);
  socket.end(`${JSON.stringify({ do: 'behave', node: 'web-1', behaviour })}\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return JSON.parse(String(answer)).backends['web-1'].behaviour;
}

/** A request on a connection of its own: its status, or the code of the error. */
async function ask(path = '/', host = address): Promise<string> {
  const socket = open(host);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(String(chunk).slice(9, 12)));
    socket.once('close', () => resolve((socket.errored as NodeJS.ErrnoException | null)?.code ?? 'closed'));
  });
}

function open(host = address): Socket {
  const socket = connect(backends.port, host);
  socket.on('error', () => undefined);
  return socket;
}

async function timed(path: string): Promise<number> {
  const start = performance.now();
  expect(await ask(path)).toBe('200');
  return performance.now() - start;
}

test('a slow one answers later, its health check only if that is hit too, and the other one as ever', async () => {
  expect(await behave({ slow: { delayMs: 200, checks: false } })).toEqual({
    slow: { delayMs: 200, checks: false },
  });
  expect(await timed('/')).toBeGreaterThan(195);
  expect(await timed('/healthcheck')).toBeLessThan(150);
  expect(await ask('/', other)).toBe('200');
  await behave({ slow: { delayMs: 200, checks: true } });
  expect(await timed('/healthcheck')).toBeGreaterThan(195);
  expect(await behave({ slow: null })).toEqual({});
  expect(await timed('/')).toBeLessThan(150);
});

test('a slow one answers the beats of held connections later, each in its turn', async () => {
  const traffic = await programs.startTraffic(
    job([heldJob(address, backends.port, 4, { heartbeatMs: 50, timeoutMs: 2000 })]),
  );
  await traffic.see('open', 4);
  let complaints = '';
  backends.process.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  await behave({ slow: { delayMs: 120, checks: false } });
  const since = traffic.of('beat').length;
  await traffic.see('beat', since + 16);
  const waits = traffic
    .of('beat')
    .slice(since + 8, since + 16)
    .map(({ ms }) => ms);
  expect(Math.min(...waits)).toBeGreaterThan(115);
  // However many came meanwhile, no answer waits for those before it.
  await traffic.see('beat', since + 130);
  expect(Math.max(...traffic.of('beat').map(({ ms }) => ms))).toBeLessThan(1000);
  expect(complaints).toBe('');
  await behave({ slow: null });
  expect(await traffic.stop()).toBe(0);
  expect(traffic.of('close').filter(({ cause }) => cause !== undefined)).toEqual([]);
});

test('errors hit their share of requests, the same ones for the same seed, and spare health checks', async () => {
  const run = async (seed: number): Promise<string[]> => {
    await behave({ errors: null });
    await behave({ errors: { rate: 0.3, status: 503, seed, checks: false } });
    const said: string[] = [];
    for (let i = 0; i < 60; i++) said.push(await ask());
    return said;
  };
  const first = await run(1);
  const share = first.filter((status) => status === '503').length / 60;
  expect(share).toBeGreaterThan(0.15);
  expect(share).toBeLessThan(0.45);
  expect(new Set(first)).toEqual(new Set(['200', '503']));
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
  await behave({ errors: { rate: 1, status: 500, seed: 1, checks: false } });
  expect([await ask(), await ask('/healthcheck'), await ask('/', other)]).toEqual(['500', '200', '200']);
});

test('one that refuses resets new connections and goes on with those it has', async () => {
  const stream = open();
  stream.write('GET /stream?every=20 HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stream, 'data');
  await behave({ refuse: true });
  expect(await ask()).toBe('ECONNRESET');
  expect(await ask('/', other)).toBe('200');
  await once(stream, 'data');
  stream.destroy();
  await behave({ refuse: null });
  expect(await ask()).toBe('200');
});

test('one that hangs accepts and answers nothing until that is over', async () => {
  await behave({ hang: true });
  const waiting = ask();
  expect(await Promise.race([waiting, ask('/delay/150', other)])).toBe('200');
  let answered = false;
  void waiting.then(() => {
    answered = true;
  });
  await ask('/delay/50', other);
  expect(answered).toBe(false);
  await behave({ hang: null });
  expect(await waiting).toBe('200');
});

test('one that has forgotten its connections serves new ones, says nothing on the old, and resets them at last', async () => {
  const old = open();
  old.write('GET /stream?every=20 HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(old, 'data');
  await behave({ halfOpen: true });
  await until(() => ({ ok: old.read() === null, saw: 'data' }), { withinMs: 1000, why: 'silence' });
  let said = 0;
  old.on('data', () => said++);
  expect(await ask()).toBe('200');
  await ask('/delay/150', other);
  expect([said, old.destroyed]).toEqual([0, false]);
  const closed = new Promise((resolve) => old.on('close', resolve));
  await behave({ halfOpen: null });
  await closed;
  expect(old.errored).toMatchObject({ code: 'ECONNRESET' });
});
