import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Backends, buildPrograms, httpJob, job, type Programs, type Traffic } from './programs.ts';

const address = '127.0.0.1';
let programs: Programs;
let backends: Backends;

beforeAll(async () => {
  programs = await buildPrograms();
  backends = await programs.startBackends({ 'web-1': address });
});

afterAll(() => programs.remove());

/** Each gap between the intended times of neighbours, in whole ms. */
const gaps = (traffic: Traffic): number[] => {
  const due = traffic
    .of('request')
    .map(({ intended }) => intended)
    .sort((a, b) => a - b);
  return due.slice(1).map((t, i) => Math.round(t - (due[i] ?? 0)));
};

test('requests are due at a constant rate and are answered', async () => {
  const traffic = await programs.startTraffic(job([], [httpJob(address, backends.port)]));
  await traffic.see('request', 100);
  expect(await traffic.stop()).toBe(0);
  for (const { status, backend, cause, ms } of traffic.of('request')) {
    expect({ status, backend, cause }).toEqual({ status: 200, backend: 'web-1', cause: undefined });
    expect(ms).toBeGreaterThan(0);
  }
  expect(new Set(gaps(traffic))).toEqual(new Set([10]));
});

test('arrivals go on while the server stalls, and latency runs from when each was due', async () => {
  const server = await programs.startBackends({ 'web-1': address });
  const traffic = await programs.startTraffic(job([], [httpJob(address, server.port, { timeoutMs: 5000 })]));
  await traffic.see('request', 20);
  server.process.kill('SIGSTOP');
  const stopped = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  server.process.kill('SIGCONT');
  await traffic.see('request', 160);
  await traffic.stop();
  expect(new Set(gaps(traffic))).toEqual(new Set([10]));
  const stalled = traffic
    .of('request')
    .filter(({ intended }) => intended > stopped && intended < stopped + 950);
  expect(stalled.length).toBeGreaterThan(90);
  for (const { intended, ms } of stalled) expect(ms).toBeGreaterThan(stopped + 950 - intended);
});

test('what cannot be sent for too many outstanding is told as a timeout, not left out', async () => {
  const options = { path: '/delay/60000', timeoutMs: 500, maxOutstanding: 5 };
  const traffic = await programs.startTraffic(job([], [httpJob(address, backends.port, options)]));
  await traffic.see('request', 60);
  await traffic.stop();
  const requests = traffic.of('request');
  expect(new Set(gaps(traffic))).toEqual(new Set([10]));
  expect(new Set(requests.map(({ cause }) => cause))).toEqual(new Set(['timeout']));
  const held = requests.filter(({ detail }) => detail?.endsWith(': 5 others were outstanding'));
  expect(held.length).toBeGreaterThan(requests.length / 2);
  for (const { ms } of requests) expect(ms).toBeGreaterThanOrEqual(500);
});

test('what is sent late by the traffic process itself says so, and blames no others', async () => {
  const options = { path: '/delay/60000', timeoutMs: 500 };
  const traffic = await programs.startTraffic(job([], [httpJob(address, backends.port, options)]));
  await traffic.see('request', 10);
  traffic.process.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 300));
  traffic.process.kill('SIGCONT');
  await traffic.see('request', 110);
  await traffic.stop();
  const late = traffic.of('request').filter(({ detail }) => detail !== undefined);
  expect(late.length).toBeGreaterThan(10);
  for (const { detail } of late)
    expect(detail).toMatch(/^sent \d+ ms late: the traffic process was late itself$/);
});

test('a status of 500 or more is an error, a lesser one is not', async () => {
  for (const [path, cause] of [
    ['/status/503', 'status'],
    ['/status/404', undefined],
  ] as const) {
    const traffic = await programs.startTraffic(job([], [httpJob(address, backends.port, { path })]));
    await traffic.see('request', 3);
    await traffic.stop();
    expect(traffic.of('request')[0]).toMatchObject({ status: Number(path.slice(-3)) });
    expect(traffic.of('request')[0]?.cause).toBe(cause);
  }
});

test('a streamed answer is complete with its last chunk', async () => {
  const path = '/stream?every=5&count=3';
  const traffic = await programs.startTraffic(job([], [httpJob(address, backends.port, { path })]));
  await traffic.see('request', 5);
  await traffic.stop();
  expect(traffic.of('request').map(({ cause }) => cause)).not.toContain('eof');
});

test.for([
  ['refuses', 'refused', undefined],
  ['hangs up', 'eof', ''],
  ['resets', 'rst', undefined],
  ['stops half-way', 'eof', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
  ['talks nonsense', 'corrupt', 'EHLO\r\n\r\n'],
] as const)('a server that %s gives %s', async ([how, cause, says]) => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => (says === undefined ? socket.resetAndDestroy() : socket.end(says)));
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (how === 'refuses') server.close();
  const traffic = await programs.startTraffic(job([], [httpJob(address, port)]));
  await traffic.see('request', 3);
  await traffic.stop();
  server.close();
  expect(new Set(traffic.of('request').map((request) => request.cause))).toEqual(new Set([cause]));
});
