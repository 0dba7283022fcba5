import { expect, test } from 'vitest';
import { limit } from '../../../src/base/limit.ts';

/** Tasks that end when they are told to, and what happened to them. */
function tasks(most: number, count: number) {
  const atOnce = limit(most);
  const log: string[] = [];
  const ends: ((fails?: boolean) => void)[] = [];
  const done = Array.from({ length: count }, (_, i) =>
    atOnce(
      () =>
        new Promise<number>((resolve, reject) => {
          log.push(`begin ${i}`);
          ends[i] = (fails) => (fails === true ? reject(new Error(`${i} failed`)) : resolve(i));
        }),
    ),
  );
  return { log, end: (i: number, fails?: boolean) => ends[i]?.(fails), done };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('no more than so many run at a time, and the others begin in the order they came', async () => {
  const { log, end, done } = tasks(2, 4);
  await settled();
  expect(log).toEqual(['begin 0', 'begin 1']);
  end(1);
  await settled();
  expect(log).toEqual(['begin 0', 'begin 1', 'begin 2']);
  end(0);
  end(2);
  await settled();
  end(3);
  expect(await Promise.all(done)).toEqual([0, 1, 2, 3]);
});

test('one that fails makes room like any other', async () => {
  const { log, end, done } = tasks(1, 2);
  await settled();
  end(0, true);
  await expect(done[0]).rejects.toThrow('0 failed');
  await settled();
  expect(log).toEqual(['begin 0', 'begin 1']);
  end(1);
  expect(await done[1]).toBe(1);
});
