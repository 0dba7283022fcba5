import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { playTimeline } from '../../../src/faults/timeline.ts';
import type { Host } from '../../../src/hosts/contract.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { LiveLab, labPaths, ledgerEntries } from '../../../src/lab/index.ts';
import type { TimelineEntry } from '../../../src/scenario/types.ts';
import type { FaultEvent } from '../../../src/verdict/history.ts';
import { threeTier } from '../kinds/three-tier.ts';

/** A lab on a host where every program ends well and says nothing, after so long. */
async function labWhere(tookMs: (what: string) => number): Promise<LiveLab> {
  const home = await mkdtemp(join(tmpdir(), 'tierlab-timeline-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const host = {
    exec: async (_argv: readonly string[], { input = '' }: { input?: string } = {}) => {
      await delay(tookMs(input));
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  } as unknown as Host;
  const programs = { directory: '/programs', node: '/node' };
  const lab = labPaths('a', home);
  await mkdir(lab.directory, { recursive: true });
  return new LiveLab(lab, await threeTier(), host, { kinds, programs, lanes: 1 });
}

const pull = (name: string, atMs: number, target: string): TimelineEntry => ({
  name,
  atMs,
  action: 'inject',
  fault: 'link.down',
  target,
  options: {},
});

async function play(
  lab: LiveLab,
  timeline: readonly TimelineEntry[],
  before = async (): Promise<void> => undefined,
): Promise<{ lateMs: number; events: readonly FaultEvent[]; start: number }> {
  const events: FaultEvent[] = [];
  const now = (): number => performance.now();
  const start = now();
  const lateMs = await playTimeline(lab, timeline, {
    start,
    now,
    before,
    record: (event) => events.push(event),
    seed: 1,
    scaled: (plan) => plan,
    signal: new AbortController().signal,
  });
  return { lateMs, events, start };
}

test('a timeline without an entry is not late', async () => {
  const { lateMs } = await play(await labWhere(() => 0), []);
  expect(lateMs).toBe(0);
});

test('what follows an entry that took too long is late by what it took, and that is told', async () => {
  const lab = await labWhere((script) => (script.includes('dev l4-1 down') ? 900 : 0));
  const timeline = [pull('first', 100, 'l4-1:fabric'), pull('second', 200, 'l4-2:fabric')];
  const { lateMs, events, start } = await play(lab, timeline);
  const [, second] = events;
  expect(events.map(({ name }) => name)).toEqual(['first', 'second']);
  expect(lateMs).toBeGreaterThan(750);
  // All that comes after the last entry is counted from when it really began.
  expect(Math.abs(start + 200 + lateMs - (second?.from ?? 0))).toBeLessThan(100);
});

test('an entry that is late because what it changes was looked at for long counts as well', async () => {
  const { lateMs } = await play(await labWhere(() => 0), [pull('only', 50, 'l4-1:fabric')], () => delay(600));
  expect(lateMs).toBeGreaterThan(500);
});

test('lateness that was made up for is none', async () => {
  const lab = await labWhere((script) => (script.includes('dev l4-1 down') ? 500 : 0));
  const timeline = [
    pull('first', 0, 'l4-1:fabric'),
    pull('second', 100, 'l4-2:fabric'),
    pull('third', 1500, 'l7-1:fabric'),
  ];
  const { lateMs } = await play(lab, timeline);
  expect(lateMs).toBeLessThan(200);
});

test('what a timeline did is on record until it has undone it', async () => {
  const lab = await labWhere(() => 0);
  const crash = pull('cut', 0, 'l4-1:fabric');
  await play(lab, [crash]);
  expect(await ledgerEntries(lab.paths)).toMatchObject([
    { name: 'cut', fault: 'link.down', target: 'l4-1:fabric', nodes: ['l4-1'], seed: 1, state: 'not-landed' },
  ]);
  // This host says nothing of any port, so it is not known to have healed either.
  const { events } = await play(lab, [crash, { name: 'mend', atMs: 0, action: 'heal', of: 'cut' }]);
  expect(events.map(({ name, landed }) => [name, landed])).toEqual([
    ['cut', false],
    ['mend', false],
  ]);
  expect(await ledgerEntries(lab.paths)).toHaveLength(1);
});
