import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { afterOwnTime } from '../../../src/base/own-time.ts';

test('it calls once when the time has passed, and not at all when it was called off', async () => {
  const called: string[] = [];
  afterOwnTime(100, () => called.push('one'));
  afterOwnTime(100, () => called.push('other'))();
  await delay(50);
  expect(called).toEqual([]);
  await delay(300);
  expect(called).toEqual(['one']);
});

test('time in which nothing could be heard does not count', async () => {
  let called = false;
  afterOwnTime(800, () => {
    called = true;
  });
  // As good as stopped: nothing else of this process runs.
  for (const start = performance.now(); performance.now() - start < 1500; );
  await delay(100);
  expect(called).toBe(false);
  await delay(3000);
  expect(called).toBe(true);
});
