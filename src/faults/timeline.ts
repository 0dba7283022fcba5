/** Faults on a timeline: each at its time, verified, recorded. */
import { setTimeout as delay } from 'node:timers/promises';
import { WorldError } from '../base/errors.ts';
import type { LiveLab } from '../lab/index.ts';
import type { TimelineEntry, TimelineFault } from '../scenario/types.ts';
import type { FaultEvent } from '../verdict/history.ts';
import { faults, resolveTarget } from './index.ts';

export interface TimelineOptions {
  /** When the timeline begins: ms of `now`. */
  readonly start: number;
  readonly now: () => number;
  readonly record: (event: FaultEvent) => void;
  /** Called shortly before a fault, so that what it is about to change has just been looked at. */
  readonly before: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** How long before a fault the last look at the flows' paths begins. */
const lookAheadMs = 400;

/** Plays the whole timeline; entries that fall together follow one another. */
export async function playTimeline(
  lab: LiveLab,
  timeline: readonly TimelineEntry[],
  options: TimelineOptions,
): Promise<void> {
  const { start, now, signal } = options;
  for (const entry of timeline) {
    const due = start + entry.atMs;
    await delay(Math.max(0, due - lookAheadMs - now()), undefined, { signal });
    await options.before();
    await delay(Math.max(0, due - now()), undefined, { signal });
    await play(lab, entry, timeline, options);
  }
}

async function play(
  lab: LiveLab,
  entry: TimelineEntry,
  timeline: readonly TimelineEntry[],
  { now, record }: TimelineOptions,
): Promise<void> {
  const injected = entry.action === 'inject' ? entry : injectionOf(entry.of, timeline);
  const fault = faults[injected.fault];
  if (fault === undefined) throw new Error(`no fault ${injected.fault}`);
  const hits = resolveTarget(lab.plan, injected.target);
  const from = now();
  const act = entry.action === 'inject' ? fault.inject : fault.heal;
  const results = await Promise.all(
    hits.map((hit) =>
      act(lab, hit, injected.options).catch((error: unknown) => ({
        landed: false,
        evidence: explain(error),
      })),
    ),
  );
  const to = now();
  record({
    type: 'fault',
    t: from,
    name: entry.name,
    fault: injected.fault,
    action: entry.action,
    targets: hits.map(({ node }) => node.name),
    landed: hits.length > 0 && results.every(({ landed }) => landed),
    evidence: results.map(({ evidence }) => evidence).join('; '),
    from,
    to,
  });
}

function explain(error: unknown): string {
  const { message } = error as Error;
  return error instanceof WorldError ? [message, ...error.details].join(': ') : message;
}

function injectionOf(name: string, timeline: readonly TimelineEntry[]): TimelineFault {
  const found = timeline.find((entry) => entry.action === 'inject' && entry.name === name);
  if (found?.action !== 'inject') throw new Error(`no fault named ${name} on the timeline`);
  return found;
}
