/** Faults on a timeline: each at its time, verified, recorded. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LiveLab } from '../lab/index.ts';
import type { TimelineDrain, TimelineEntry, TimelineFault } from '../scenario/types.ts';
import type { FaultEvent } from '../verdict/history.ts';
import { actOn } from './act.ts';
import type { Hit, Landed } from './contract.ts';
import { drainNodes } from './drain.ts';
import { faults, resolveTarget } from './index.ts';

export interface TimelineOptions {
  /** When the timeline begins: ms of `now`. */
  readonly start: number;
  readonly now: () => number;
  readonly record: (event: FaultEvent) => void;
  /** Called shortly before a fault, so that what it is about to change has just been looked at. */
  readonly before: () => Promise<void>;
  /** Of the scenario: what faults choose at random follows from it. */
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** How long before a fault the last look at the flows' paths begins. */
const lookAheadMs = 400;

/** Plays the whole timeline; entries that fall together, or into a drain under way, follow one another. */
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
  { now, record, seed, signal }: TimelineOptions,
): Promise<void> {
  const cause = 'of' in entry ? causeOf(entry.of, timeline) : entry;
  const hits = resolveTarget(lab.plan, cause.target).map((hit) => ({ ...hit, seed }));
  const from = now();
  const result = await act(lab, entry, cause, hits, signal);
  record({
    type: 'fault',
    t: from,
    name: entry.name,
    fault: cause.action === 'drain' ? 'drain' : cause.fault,
    action: 'of' in entry ? 'heal' : 'inject',
    targets: hits.map(({ node }) => node.name),
    ...result,
    from,
    to: now(),
  });
}

function act(
  lab: LiveLab,
  entry: TimelineEntry,
  cause: TimelineFault | TimelineDrain,
  hits: readonly Hit[],
  signal: AbortSignal,
): Promise<Landed> {
  if (entry.action === 'drain' || entry.action === 'undrain') {
    const nodes = hits.map(({ node }) => node);
    return drainNodes(lab, nodes, entry.action, { withinMs: entry.withinMs, signal });
  }
  const fault = cause.action === 'inject' ? faults[cause.fault] : undefined;
  if (cause.action !== 'inject' || fault === undefined) throw new Error(`${entry.name} is of no fault`);
  return actOn(lab, fault, entry.action, hits, cause.options);
}

/** What a heal or an undrain undoes. */
function causeOf(name: string, timeline: readonly TimelineEntry[]): TimelineFault | TimelineDrain {
  const found = timeline.find((entry) => !('of' in entry) && entry.name === name);
  if (found === undefined || 'of' in found) throw new Error(`nothing named ${name} on the timeline`);
  return found;
}
