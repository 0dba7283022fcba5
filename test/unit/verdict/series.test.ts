import { describe, expect, test } from 'vitest';
import { bucketsFrom, mostBuckets } from '../../../src/verdict/buckets.ts';
import { type HeldSeries, type HttpSeries, type Series, seriesOf } from '../../../src/verdict/index.ts';
import { buildHistory, type Story } from './build-history.ts';

describe('the series of a run in which a crash moves four of eight connections', () => {
  test('has all of them on their L7 from before the timeline to the end', async () => {
    const { held, series } = await of({});
    const alive = Object.values(held.onL7).reduce(
      (sum, values) => values.map((n, i) => n + (sum[i] ?? 0)),
      [],
    );
    expect(Object.keys(held.onL7)).toEqual(['l7-1', 'l7-2', 'l7-3']);
    expect(alive[bucketAt(series, 0)]).toBe(8);
    expect(alive.at(-1)).toBe(8);
  });

  test('has them on the other L4 after the crash', async () => {
    const { held, series } = await of({});
    const on = (ms: number): (number | undefined)[] =>
      ['l4-1', 'l4-2'].map((node) => held.onL4[node]?.[bucketAt(series, ms)]);
    expect(on(500)).toEqual([4, 4]);
    expect(on(3500)).toEqual([0, 8]);
  });

  test('shows who waited for longer than 200 ms, and nobody for longer than a second', async () => {
    const { held } = await of({ stallMs: 650 });
    expect(Math.max(...held.waiting)).toBeGreaterThan(0);
    expect(held.waiting.at(-1)).toBe(0);
    expect(Math.max(...held.stalled)).toBe(0);
  });

  test('knows the longest answer exactly, and its quantiles in order', async () => {
    const { held } = await of({ stallMs: 650 });
    const { p50, p99, max } = held.latency;
    const answers = buildHistory({ stallMs: 650 }).map((event) => (event.type === 'beat' ? event.ms : 0));
    expect(Math.max(...max.map((ms) => ms ?? 0))).toBe(Math.max(...answers));
    for (const [i, most] of max.entries()) {
      if (most === null) expect([p50[i], p99[i]]).toEqual([null, null]);
      else
        expect([p50[i], p99[i], most]).toEqual([p50[i], p99[i], most].sort((a, b) => Number(a) - Number(b)));
    }
  });

  test('counts requests a second, those that failed apart', async () => {
    const { http, series } = await of({
      requests: (n) => (n % 2 === 0 ? { cause: 'timeout' } : undefined),
    });
    const seconds = series.bucketMs / 1000;
    const count = (values: readonly number[]): number =>
      values.reduce((sum, rate) => sum + rate * seconds, 0);
    expect(count(http.failed)).toBeGreaterThan(10);
    expect(Math.abs(count(http.failed) - count(http.answered))).toBeLessThanOrEqual(1);
  });

  test('has a stage before the crash, one after it and one after the heal', async () => {
    const { series } = await of({});
    expect(series.stages.map(({ title, flows, hit }) => ({ title, flows, hit }))).toEqual([
      { title: 'before crash', flows: { kept: 8, moved: 0, broken: 0 }, hit: {} },
      { title: 'after crash', flows: { kept: 4, moved: 4, broken: 0 }, hit: { 'l4-1': 'node.crash' } },
      { title: 'after heal-crash', flows: { kept: 8, moved: 0, broken: 0 }, hit: {} },
    ]);
    const ways = series.stages[1]?.ways.filter(({ from }) => from?.startsWith('l4'));
    expect(ways?.map(({ from }) => from)).not.toContain('l4-1');
    expect(ways?.reduce((sum, { flows }) => sum + flows, 0)).toBe(8);
  });
});

test('a connection that breaks is gone from its L7, and shown where it was last', async () => {
  const { held, series } = await of({ moves: false, breaks: { 2: { atMs: 2000, cause: 'rst' } } });
  const l7 = held.onL7['l7-3'];
  expect([l7?.[bucketAt(series, 1500)], l7?.at(-1)]).toEqual([2, 1]);
  expect(series.stages[1]?.flows).toEqual({ kept: 7, moved: 0, broken: 1 });
  expect(series.stages[1]?.ways).toContainEqual({ from: 'l4-1', to: 'l7-3', flows: 1, fate: 'broken' });
  expect(series.stages[2]?.flows).toEqual({ kept: 7, moved: 0, broken: 0 });
});

test('a heartbeat that was never answered waits until the end', async () => {
  const { held } = await of({ mute: { 3: 1500 } });
  expect(held.stalled.at(-1)).toBe(1);
});

test('a fault that did not land makes no stage', async () => {
  const { series } = await of({ crash: { landed: false }, heal: { landed: false } });
  expect(series.stages.map(({ title }) => title)).toEqual(['the whole run']);
});

test('what is no history is refused as the judge refuses it', async () => {
  await expect(seriesOf([])).rejects.toThrow('the history is empty');
  await expect(seriesOf([{ type: 'lag', t: 1, ms: 2 }])).rejects.toThrow('no history of tierlab');
});

describe('buckets', () => {
  test('are folded as a run outgrows them, and lose nothing', () => {
    const buckets = bucketsFrom(1000, 100);
    const sum = buckets.sum();
    const largest = buckets.largest();
    const seconds = 3600;
    for (let s = 0; s < seconds; s++) {
      sum.add(1000 + s * 1000, 1);
      largest.add(1000 + s * 1000, s);
    }
    expect(buckets.widthMs).toBe(3200);
    expect(sum.values).toHaveLength(mostBuckets);
    expect(sum.values.reduce((a, b) => a + b)).toBe(seconds);
    expect(largest.values[1124]).toBe(3599);
  });

  test('know quantiles to 5 % after being folded too', () => {
    const buckets = bucketsFrom(0, 1);
    const durations = buckets.durations();
    for (let i = 0; i < 2000; i++) durations.add(i % 2, 1 + i);
    durations.add(mostBuckets * 2 - 1, 1);
    for (const [share, ms] of [
      [0.5, 1000],
      [0.99, 1980],
    ] as const) {
      const measured = durations.quantile(0, share) ?? 0;
      expect(measured / ms).toBeGreaterThan(0.95);
      expect(measured / ms).toBeLessThan(1.06);
    }
    expect(durations.quantile(5, 0.5)).toBeNull();
  });
});

async function of(story: Story): Promise<{ series: Series; held: HeldSeries; http: HttpSeries }> {
  const series = await seriesOf([buildHistory(story)]);
  const [held, http] = series.traffic;
  if (held?.type !== 'held-tcp' || http?.type !== 'http') throw new Error('the traffic is missing');
  return { series, held, http };
}

const bucketAt = ({ startMs, bucketMs }: Series, ms: number): number => Math.floor((ms - startMs) / bucketMs);
