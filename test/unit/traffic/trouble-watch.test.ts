import { expect, test } from 'vitest';
import type { LiveLab } from '../../../src/lab/index.ts';
import { type SeededFlow, TroubleWatch } from '../../../src/traffic/index.ts';
import type { HistoryEvent } from '../../../src/verdict/history.ts';

const flows = [0, 1, 2].map(
  (flow): SeededFlow => ({
    traffic: 'held',
    flow,
    address: '203.0.113.7',
    port: 20_000 + flow,
    service: 'web',
    client: 'client',
  }),
);
const beat = (flow: number, ms: number): HistoryEvent => ({
  type: 'beat',
  t: 0,
  traffic: 'held',
  flow,
  seq: 1,
  ms,
});

test('of flows that break or stall, and of no others, the table, the ways before and the ways after are recorded, once', async () => {
  const recorded: HistoryEvent[] = [];
  const asked: number[][] = [];
  const watch = new TroubleWatch({
    flows,
    record: (event) => void recorded.push(event),
    now: () => 50 + asked.length,
    stallMs: () => 1000,
    sighting: (client) =>
      client === '203.0.113.7:20001'
        ? { t: 40, service: 'web', l4: 'l4-1', l7: 'l7-2', state: 'ESTABLISHED', idleSeconds: 1 }
        : undefined,
    askWays: async (some) => {
      asked.push(some.map(({ flow }) => flow));
      return new Map([['203.0.113.7:20001', ['client', 'r-1', 'l4-2']]]);
    },
  });
  const onward = { from: '10.1.0.1:33486', to: '10.1.0.4:80' };
  const stands = { l7: 'l7-2', backend: 'web-1', connection: 'c', onward, connectMs: 1 };
  const client = '203.0.113.7:20001';
  watch.see({ type: 'open', t: 0, traffic: 'held', flow: 1, client, ...stands });
  // Before the timeline nothing counts.
  watch.see(beat(0, 5000));
  watch.begin(new Map([['203.0.113.7:20001', ['client', 'r-1', 'l4-1']]]));
  watch.see(beat(0, 1000));
  watch.see({ type: 'close', t: 60, traffic: 'held', flow: 2, waitingMs: 0 });
  watch.see(beat(1, 1001));
  watch.see({ type: 'close', t: 61, traffic: 'held', flow: 1, cause: 'rst', waitingMs: 0 });
  await expect.poll(() => asked).toEqual([[1]]);
  expect(watch.troubles()).toEqual([{ flow: flows[1], onward, fromMs: -1001, toMs: 61 }]);
  await expect.poll(() => recorded.length).toBe(3);
  expect(recorded).toMatchObject([
    { type: 'entry', client: '203.0.113.7:20001', t: 40, state: 'ESTABLISHED', l4: 'l4-1' },
    { type: 'route', t: 50, way: ['client', 'r-1', 'l4-1'] },
    { type: 'route', t: 51, way: ['client', 'r-1', 'l4-2'] },
  ]);
});

test('who does not say in time where flows go is not waited for, and not heard any more', async () => {
  const recorded: HistoryEvent[] = [];
  let say: (ways: ReadonlyMap<string, readonly string[]>) => void = () => {};
  let asked = false;
  const watch = new TroubleWatch({
    flows,
    record: (event) => void recorded.push(event),
    now: () => 50,
    stallMs: () => 1000,
    sighting: () => undefined,
    askWays: () => {
      asked = true;
      return new Promise((resolve) => {
        say = resolve;
      });
    },
  });
  watch.begin(new Map());
  watch.see(beat(1, 1001));
  await expect.poll(() => asked).toBe(true);
  const lab = { plan: { nodes: [] } } as unknown as LiveLab;
  expect(await watch.finish(lab, 20)).toBe('the routers to say where the flows go');
  say(new Map([['203.0.113.7:20001', ['client', 'r-1', 'l4-2']]]));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(recorded).toEqual([]);
  // Where nothing is in trouble there is nothing to wait for.
  const idle = new TroubleWatch({
    flows,
    record: () => undefined,
    now: () => 50,
    stallMs: () => 1000,
    sighting: () => undefined,
    askWays: () => Promise.reject(new Error('nobody')),
  });
  expect(await idle.finish(lab, 20)).toBeUndefined();
});
