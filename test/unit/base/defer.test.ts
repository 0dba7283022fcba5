import { expect, test } from 'vitest';
import { Defer } from '../../../src/base/defer.ts';

test('undos run last in, first out, one after the other', async () => {
  const log: string[] = [];
  const defer = new Defer();
  defer.add('first', () => void log.push('first'));
  defer.add('slow second', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    log.push('second');
  });
  defer.add('third', () => void log.push('third'));
  expect(await defer.run()).toEqual([]);
  expect(log).toEqual(['third', 'second', 'first']);
});

test('an undo that fails is told by name and keeps none of the others from running', async () => {
  const log: string[] = [];
  const defer = new Defer();
  defer.add('first', () => void log.push('first'));
  defer.add('broken', () => {
    throw new Error('stuck');
  });
  defer.add('rejected', () => Promise.reject(new Error('gone')));
  const failures = await defer.run();
  expect(failures.map(({ what, error }) => `${what}: ${String((error as Error).message)}`)).toEqual([
    'rejected: gone',
    'broken: stuck',
  ]);
  expect(log).toEqual(['first']);
});

test('each undo runs once, and one that an undo registers runs too', async () => {
  const log: string[] = [];
  const defer = new Defer();
  defer.add('outer', () => {
    log.push('outer');
    defer.add('inner', () => void log.push('inner'));
  });
  await defer.run();
  await defer.run();
  expect(log).toEqual(['outer', 'inner']);
});
