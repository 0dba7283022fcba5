import { expect, test } from 'vitest';
import { shortageOf } from '../../../src/hosts/uml/shortage.ts';

const meminfo = (available: number): string =>
  `MemTotal:         61440 kB\nMemFree:            1000 kB\nMemAvailable:     ${available} kB\n`;
const vmstat = (kills: number, refaults = 0): string =>
  `nr_free_pages 1\nworkingset_refault_file ${refaults}\noom_kill ${kills}\nnuma_hit 7\n`;

test('a guest that killed for memory, or has next to none left, says so and what to do', () => {
  expect(shortageOf(meminfo(40_000), vmstat(2))).toEqual({
    what: 'the guest is out of memory: 2 of its programs were killed for it',
    hint: 'give it more with --memory',
  });
  expect(shortageOf(meminfo(4096), vmstat(0))?.what).toBe('the guest is out of memory: 4 of 60 MiB are left');
  expect(shortageOf(meminfo(40_000), vmstat(0, 25_600))?.what).toBe(
    'the guest is out of memory: it read 100 MiB of its programs again, which had no room in 60 MiB',
  );
});

test('a guest with memory lacks none, nor does one that does not tell', () => {
  expect(shortageOf(meminfo(40_000), vmstat(0, 1000))).toBeUndefined();
  expect(shortageOf('', '')).toBeUndefined();
});
