import { expect, test } from 'vitest';
import { WorldError } from '../../../src/base/errors.ts';
import { until } from '../../../src/base/until.ts';

test('a wait ends with the first probe that says ok', async () => {
  let asked = 0;
  const found = await until(() => ({ ok: ++asked === 3, saw: `attempt ${asked}` }), {
    withinMs: 5000,
    everyMs: 1,
    why: 'the third attempt',
  });
  expect(found).toEqual({ ok: true, saw: 'attempt 3' });
  expect(asked).toBe(3);
});

test('a timeout says what was waited for, what was seen last, and what to do', async () => {
  let asked = 0;
  const waiting = until(async () => ({ ok: false, saw: `attempt ${++asked}` }), {
    withinMs: 30,
    everyMs: 5,
    why: 'the impossible',
    code: 'never',
    hint: 'give up',
  });
  const error = await waiting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorldError);
  expect(error).toMatchObject({
    message: 'waited 30ms for: the impossible',
    code: 'never',
    exitCode: 4,
    hint: 'give up',
    details: [`last seen: attempt ${asked}`],
  });
});

test('even a deadline of nothing lets the probe look once', async () => {
  const found = await until(() => ({ ok: true, saw: 'at once' }), { withinMs: 0, why: 'nothing' });
  expect(found.saw).toBe('at once');
});

test('the last look is at the deadline, not a pause before it', async () => {
  const start = performance.now();
  const looks: number[] = [];
  await until(
    () => {
      looks.push(performance.now() - start);
      return { ok: false, saw: '' };
    },
    { withinMs: 60, everyMs: 50, why: 'a look at the end' },
  ).catch(() => undefined);
  expect(looks.at(-1)).toBeGreaterThanOrEqual(59);
});

test('a probe that throws ends the wait with its own error', async () => {
  const failing = until(() => Promise.reject(new RangeError('broken probe')), {
    withinMs: 5000,
    why: 'nothing',
  });
  await expect(failing).rejects.toThrow(RangeError);
});

test('an abort ends the wait, also in the middle of a pause', async () => {
  const abort = new AbortController();
  const start = performance.now();
  const waiting = until(() => ({ ok: false, saw: '' }), {
    withinMs: 60_000,
    everyMs: 30_000,
    why: 'ever',
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 20);
  await expect(waiting).rejects.toThrow(/abort/i);
  expect(performance.now() - start).toBeLessThan(5000);
});
