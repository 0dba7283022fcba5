import { expect, test } from 'vitest';
import { OneAtATime } from '../../../src/base/one-at-a-time.ts';

/** Work that ends when it is told to. */
function work() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const begin = (): Promise<void> => new Promise((resolve, reject) => ends.push({ resolve, reject }));
  return { ends, turns: new OneAtATime(begin) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('all who ask while it is under way get one turn together, after it', async () => {
  const { ends, turns } = work();
  const first = turns.run();
  const others = [turns.run(), turns.run(), turns.run()];
  expect(ends.length).toBe(1);
  ends[0]?.resolve();
  await first;
  await settled();
  expect(ends.length).toBe(2);
  let isDone = false;
  const all = Promise.all(others).then(() => {
    isDone = true;
  });
  await settled();
  expect([isDone, turns.isRunning]).toEqual([false, true]);
  ends[1]?.resolve();
  await all;
  expect([ends.length, turns.isRunning]).toEqual([2, false]);
});

test('who asks during that turn gets one more', async () => {
  const { ends, turns } = work();
  const first = turns.run();
  const second = turns.run();
  ends[0]?.resolve();
  await first;
  await settled();
  const third = turns.run();
  ends[1]?.resolve();
  await second;
  await settled();
  expect(ends.length).toBe(3);
  ends[2]?.resolve();
  await third;
});

test('a turn that fails is told to those who asked for it, and the next one takes place', async () => {
  const { ends, turns } = work();
  const first = turns.run();
  const second = turns.run();
  ends[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settled();
  ends[1]?.resolve();
  await second;
  expect(turns.isRunning).toBe(false);
});
