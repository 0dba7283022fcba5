import { expect, test } from 'vitest';
import { hopelessness, memoryOf, shortageOf } from '../../../src/hosts/uml/shortage.ts';

const meminfo = (available: number): string =>
  `MemTotal:         61440 kB\nMemFree:            1000 kB\nMemAvailable:     ${available} kB\n`;
const vmstat = (kills: number, refaults = 0): string =>
  `nr_free_pages 1\nworkingset_refault_file ${refaults}\noom_kill ${kills}\nnuma_hit 7\n`;

test('a guest that killed for memory, or has next to none left, says so and what to do', () => {
  expect(shortageOf(memoryOf(meminfo(40_000), vmstat(2)))).toEqual({
    what: 'the guest is out of memory: 2 of its programs were killed for it',
    hint: 'give it more with --memory',
  });
  expect(shortageOf(memoryOf(meminfo(4096), vmstat(0)))?.what).toBe(
    'the guest is out of memory: 4 of 60 MiB are left',
  );
  expect(shortageOf(memoryOf(meminfo(40_000), vmstat(0, 25_600)))?.what).toBe(
    'the guest is out of memory: it read 100 MiB of its programs again, which had no room in 60 MiB',
  );
});

test('a guest with memory lacks none, nor does one that does not tell', () => {
  expect(shortageOf(memoryOf(meminfo(40_000), vmstat(0, 1000)))).toBeUndefined();
  expect(shortageOf(memoryOf('', ''))).toBeUndefined();
});

test('it is hopeless once a program was killed, programs were read over and over again, or there is no answer where little was left', () => {
  const seen = { memory: memoryOf(meminfo(20_000), vmstat(0, 30_000)), silentMs: 9000, kills: [] };
  expect(hopelessness(seen)).toBeUndefined();
  expect(hopelessness({ ...seen, kills: ['haproxy'] })?.what).toBe(
    'the guest is out of memory: 1 of its programs was killed for it: haproxy',
  );
  expect(hopelessness({ ...seen, silentMs: 11_000 })?.what).toBe(
    'the guest is out of memory: it had 20 of 60 MiB left and has not answered for 10 s',
  );
  const read = { ...seen, memory: memoryOf(meminfo(20_000), vmstat(0, 31_000)) };
  expect(hopelessness(read)?.what).toBe(
    'the guest is out of memory: it read 121 MiB of its programs again, which had no room in 60 MiB',
  );
});

test('it is not because a guest that has memory is slow, or has told nothing yet', () => {
  const memory = memoryOf(meminfo(50_000), vmstat(0));
  expect(hopelessness({ memory, silentMs: 60_000, kills: [] })).toBeUndefined();
  expect(hopelessness({ memory: undefined, silentMs: 60_000, kills: [] })).toBeUndefined();
});
