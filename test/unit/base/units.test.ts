import { expect, test } from 'vitest';
import { formatDuration, parseDuration, parseRate } from '../../../src/base/units.ts';

test.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['250us', 0.25],
  ['0s', 0],
  [' 3s ', 3000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '10', 's', '-1s', '1 s', '1e3s', '1,5s', '.5s', '5S', '10sec', 'Infinitys', '1s2s'])(
  '"%s" is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  ['50/s', 50],
  ['3000/m', 50],
  ['0.5/s', 0.5],
])('%s is %d a second', (text, perSecond) => {
  expect(parseRate(text)).toBe(perSecond);
});

test.each(['50', '50/h', '50 /s', '-1/s', '/s', '50/', '5/s/s'])('"%s" is no rate', (text) => {
  expect(parseRate(text)).toBeUndefined();
});

test.each([
  [12.345, '12.3ms'],
  [650, '650ms'],
  [1530, '1.53s'],
  [10_000, '10s'],
  [120_000, '2m'],
  [90_000, '90s'],
  [0, '0ms'],
])('%d ms is written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a written duration reads back as what was written, to three digits', () => {
  for (const ms of [1, 7, 99, 250, 999, 1000, 2500, 59_900, 60_000, 300_000]) {
    expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, -1);
  }
});
