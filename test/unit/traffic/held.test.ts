import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  decodeIdentity,
  encodeAnswer,
  encodeIdentity,
  FrameReader,
  flowKey,
} from '../../../src/base/channel.ts';
import { type Backends, buildPrograms, heldJob, job, type Programs } from './programs.ts';
import { type Meddle, startProxy } from './proxy.ts';

const address = '127.0.0.1';
let programs: Programs;
let backends: Backends;

beforeAll(async () => {
  programs = await buildPrograms();
  backends = await programs.startBackends({ 'web-1': address });
});

afterAll(() => programs.remove());

test('held connections open from the ends of the job, beat at their times and close by plan', async () => {
  const traffic = await programs.startTraffic(job([heldJob(address, backends.port, 50)]));
  await traffic.see('ready');
  await traffic.see('beat', 300);
  expect(await traffic.stop()).toBe(0);

  const opens = traffic.of('open');
  expect(opens).toHaveLength(50);
  for (const { client, flow, backend, l7, connection, onward } of opens)
    expect({ client, backend, l7, connection, onward }).toEqual({
      client: `127.77.0.1:${20_000 + flow}`,
      backend: 'web-1',
      l7: '',
      connection: expect.stringMatching(/^web-1#\d+$/),
      onward: undefined,
    });
  for (let flow = 0; flow < 50; flow++) {
    const beats = traffic.of('beat').filter((beat) => beat.flow === flow);
    expect(beats.map(({ seq }) => seq)).toEqual(beats.map((_, i) => i));
    // Intended times, from the answer's time and its duration, are a period apart.
    const due = beats.slice(1).map(({ t, ms }) => t - ms);
    for (const [i, at] of due.slice(1).entries()) expect(at - (due[i] ?? 0)).toBeCloseTo(100, 1);
  }
  expect(traffic.of('close').map(({ cause }) => cause)).toEqual(Array(50).fill(undefined));
  const ended = traffic.lines.at(-1);
  if (ended?.type !== 'ended') throw new Error('the last line is not "ended"');
  expect(ended.events).toMatchObject({ open: 50, close: 50, beat: traffic.of('beat').length });
});

test('large payloads go up and down whole', async () => {
  const sizes = { uploadBytes: 1 << 20, downloadBytes: 1 << 20, heartbeatMs: 200 };
  const traffic = await programs.startTraffic(job([heldJob(address, backends.port, 2, sizes)]));
  await traffic.see('beat', 8);
  await traffic.stop();
  expect(traffic.of('close').map(({ cause }) => cause)).toEqual([undefined, undefined]);
});

test('a killed backend ends its connections with rst or eof', async () => {
  const mortal = await programs.startBackends({ 'web-1': address });
  const traffic = await programs.startTraffic(job([heldJob(address, mortal.port, 20)]));
  await traffic.see('ready');
  mortal.process.kill('SIGKILL');
  await traffic.see('close', 20);
  expect(traffic.of('close').every(({ cause }) => cause === 'rst' || cause === 'eof')).toBe(true);
  expect(await traffic.stop()).toBe(0);
});

test('a stopped backend breaks its connections with a timeout, counted from the oldest unanswered heartbeat', async () => {
  const silent = await programs.startBackends({ 'web-1': address });
  const traffic = await programs.startTraffic(job([heldJob(address, silent.port, 5, { timeoutMs: 600 })]));
  await traffic.see('ready');
  silent.process.kill('SIGSTOP');
  await traffic.see('close', 5);
  for (const { cause, waitingMs } of traffic.of('close')) {
    expect(cause).toBe('timeout');
    expect(waitingMs).toBeGreaterThanOrEqual(600);
    expect(waitingMs).toBeLessThan(900);
  }
  await traffic.stop();
});

test('heartbeats are sent at their times while answers are missing', async () => {
  const slow = await programs.startBackends({ 'web-1': address });
  const traffic = await programs.startTraffic(job([heldJob(address, slow.port, 1, { timeoutMs: 5000 })]));
  await traffic.see('ready');
  slow.process.kill('SIGSTOP');
  const stopped = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  slow.process.kill('SIGCONT');
  await traffic.see('beat', traffic.of('beat').length + 9);
  const late = traffic.of('beat').filter(({ t, ms }) => t - ms > stopped && ms > 50);
  // About ten fell due in the second; each waited 100 ms less than the one before it.
  expect(late.length).toBeGreaterThanOrEqual(8);
  expect(late[0]?.ms).toBeGreaterThan(850);
  expect(await traffic.stop()).toBe(0);
  expect(traffic.of('close').map(({ cause }) => cause)).toEqual([undefined]);
});

test('a held connection outlives a short freeze of its backend, and every heartbeat of that time is answered late', async () => {
  const traffic = await programs.startTraffic(job([heldJob(address, backends.port, 1, { timeoutMs: 3000 })]));
  await traffic.see('ready');
  const control = connect(backends.socket);
  control.write('{"do":"freeze","node":"web-1"}\n');
  await once(control, 'data');
  const frozen = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 600));
  const before = traffic.of('beat').length;
  control.write('{"do":"thaw","node":"web-1"}\n');
  await once(control, 'data');
  control.destroy();
  await traffic.see('beat', before + 6);
  await traffic.stop();
  expect(traffic.of('beat').filter(({ t }) => t > frozen + 100 && t < frozen + 550)).toEqual([]);
  expect(Math.max(...traffic.of('beat').map(({ ms }) => ms))).toBeGreaterThan(450);
  expect(traffic.of('close').map(({ cause }) => cause)).toEqual([undefined]);
});

test('a backend that is not there fails the opening with refused, and the program says that it is not ready', async () => {
  const traffic = await programs.startTraffic(job([heldJob(address, 9, 3)]));
  await traffic.see('not-ready');
  expect(traffic.of('open-failed').map(({ cause }) => cause)).toEqual(['refused', 'refused', 'refused']);
  expect(traffic.of('ready')).toEqual([]);
  await traffic.stop();
});

const key = flowKey('held/0/1');
let kept: Buffer | undefined;
const meddlings: readonly { name: string; meddle: Meddle; cause: string; detail: RegExp }[] = [
  {
    name: 'corrupts a byte',
    meddle: (piece, number, send) => {
      if (number === 4) piece.writeUInt8(piece.readUInt8(piece.length - 1) ^ 1, piece.length - 1);
      send(piece);
    },
    cause: 'corrupt',
    detail: /checksum/,
  },
  {
    name: 'swallows all answers from the fourth on',
    meddle: (piece, number, send) => {
      if (number < 4) send(piece);
    },
    cause: 'timeout',
    detail: /no answer to heartbeat 3/,
  },
  {
    name: 'swallows one answer',
    meddle: (piece, number, send) => {
      if (number !== 4) send(piece);
    },
    cause: 'corrupt',
    detail: /answer 4 where 3 was due/,
  },
  {
    name: 'reorders two answers',
    meddle: (piece, number, send) => {
      if (number === 4) {
        kept = Buffer.from(piece);
      } else {
        send(piece);
        if (kept !== undefined) send(kept);
        kept = undefined;
      }
    },
    cause: 'corrupt',
    detail: /answer 4 where 3 was due/,
  },
  {
    name: 'sends an answer twice',
    meddle: (piece, number, send) => {
      send(piece);
      if (number === 4) send(piece);
    },
    cause: 'corrupt',
    detail: /answer 3 where 4 was due/,
  },
  ...(['web-9', 'l7-9'] as const).map((impostor) => ({
    name: `lets ${impostor} answer`,
    meddle: ((piece, number, send) => {
      const [frame] = number === 4 ? new FrameReader().push(piece) : [];
      if (frame?.type !== 'answer') return send(piece);
      const was = decodeIdentity(frame.identity);
      const is = encodeIdentity({ ...was, [impostor === 'l7-9' ? 'l7' : 'backend']: impostor });
      return send(encodeAnswer(is, key, frame.seq, frame.payload.length));
    }) satisfies Meddle,
    cause: impostor === 'l7-9' ? 'wrong-l7' : 'wrong-backend',
    detail: new RegExp(`^${impostor} after`),
  })),
  {
    name: "sends another flow's payload",
    meddle: (piece, number, send) => {
      const [frame] = number === 4 ? new FrameReader().push(piece) : [];
      if (frame?.type !== 'answer') return send(piece);
      return send(encodeAnswer(frame.identity, key + 2, frame.seq, frame.payload.length));
    },
    cause: 'corrupt',
    detail: /of another flow/,
  },
];

test.for(meddlings)(
  'a proxy that $name breaks the connection with $cause',
  async ({ meddle, cause, detail }) => {
    const proxy = await startProxy({ address, port: backends.port }, meddle);
    const traffic = await programs.startTraffic(job([heldJob(address, proxy.port, 1, { timeoutMs: 500 })]));
    await traffic.see('close');
    expect(traffic.of('close')).toMatchObject([{ cause, detail: expect.stringMatching(detail) }]);
    await traffic.stop();
    proxy.close();
  },
);

test('without meddling the proxy breaks nothing, and what it passed on is known by both of its ends', async () => {
  const proxy = await startProxy({ address, port: backends.port }, (piece, _number, send) => send(piece));
  const traffic = await programs.startTraffic(job([heldJob(address, proxy.port, 1, { timeoutMs: 500 })]));
  await traffic.see('beat', 8);
  expect(traffic.of('close')).toEqual([]);
  const onward = {
    from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    to: `${address}:${backends.port}`,
  };
  expect(traffic.of('open')).toMatchObject([{ onward }]);
  await traffic.stop();
  proxy.close();
});

test.for(['stdin', 'SIGTERM'] as const)('the program ends in good order at the end of %s', async (how) => {
  const traffic = await programs.startTraffic(job([heldJob(address, backends.port, 3)]));
  await traffic.see('ready');
  if (how === 'stdin') traffic.process.stdin?.end();
  else traffic.process.kill('SIGTERM');
  await traffic.see('ended');
  expect(traffic.of('close')).toHaveLength(3);
});

test('the program ends by itself at its time limit, with exit code 1', async () => {
  const traffic = await programs.startTraffic({ ...job([heldJob(address, backends.port, 3)]), limitMs: 500 });
  await traffic.see('ended');
  expect(await traffic.stop()).toBe(1);
  expect(traffic.of('ended')).toMatchObject([{ reason: 'limit' }]);
});
