/** Faults on a timeline: each at its time, verified, recorded. */
import { setTimeout as delay } from 'node:timers/promises';
import { forgetEntry, type LiveLab, ledgerEntries } from '../lab/index.ts';
import type {
  TimelineDrain,
  TimelineEntry,
  TimelineFault,
  TimelineRolling,
  TimelineScale,
} from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { FaultEvent } from '../verdict/history.ts';
import { explain } from './act.ts';
import { actOn } from './act-on.ts';
import { faults } from './all.ts';
import { changeLab } from './change.ts';
import type { Hit, Landed } from './contract.ts';
import { drainNodes } from './drain.ts';
import { resolveTarget } from './nodes.ts';
import { onRecord } from './on-record.ts';
import { roll } from './rolling.ts';
import { faultOf, stepName } from './rolling-names.ts';
import { forgetRolling, takeOnRecord } from './rolling-record.ts';

export { roll } from './rolling.ts';

export interface TimelineOptions {
  /** When the timeline begins: ms of `now`. */
  readonly start: number;
  readonly now: () => number;
  readonly record: (event: FaultEvent) => void;
  /** Called shortly before a fault, so that what it is about to change has just been looked at. */
  readonly before: () => Promise<void>;
  /** Of the scenario: what faults choose at random follows from it. */
  readonly seed: number;
  /** The plan with so many nodes more in a tier. */
  readonly scaled: (plan: Plan, tier: string, by: number) => Plan;
  readonly signal: AbortSignal;
}

/** How long before a fault the last look at the flows' paths begins. */
const lookAheadMs = 400;

/**
 * Plays the whole timeline; entries that fall together, or into a drain or a rolling action under way, follow one another.
 * @returns how late the last one began, in ms: what follows it is to have its full time all the same
 */
export async function playTimeline(
  lab: LiveLab,
  timeline: readonly TimelineEntry[],
  options: TimelineOptions,
): Promise<number> {
  const { start, now, signal } = options;
  let lateMs = 0;
  for (const entry of timeline) {
    const due = start + entry.atMs;
    await delay(Math.max(0, due - lookAheadMs - now()), undefined, { signal });
    await options.before();
    await delay(Math.max(0, due - now()), undefined, { signal });
    lateMs = Math.max(0, now() - due);
    if (entry.action === 'rolling') await playRolling(lab, entry, options);
    else await play(lab, entry, timeline, options);
  }
  return lateMs;
}

/** On record: that it begins, each step of each node, and that it is over. None but the steps hits anybody. */
async function playRolling(lab: LiveLab, entry: TimelineRolling, options: TimelineOptions): Promise<void> {
  const { now, record, before, seed, signal } = options;
  const nodes = resolveTarget(lab.plan, entry.target).map(({ node }) => node);
  const note = (name: string, action: FaultEvent['action'], from: number, result: Landed): void =>
    record({
      type: 'fault',
      t: from,
      name,
      fault: 'rolling',
      action,
      targets: [],
      ...result,
      from,
      to: now(),
    });
  const evidence = `${nodes.map(({ name }) => name).join(', ')}: ${entry.steps.map(faultOf).join(', ')}`;
  note(entry.name, 'inject', now(), { landed: true, evidence });
  const result = await roll(lab, nodes, {
    ...entry,
    seed,
    signal,
    async take(node, step, act) {
      await before();
      const from = now();
      const landed = (await takeOnRecord(lab, entry.name, node, step, act)) ?? twice;
      const fault = step.action === 'inject' ? step.fault : 'drain';
      const action = step.action === 'undrain' ? 'heal' : 'inject';
      const [name, targets] = [stepName(entry.name, node, step), [node.name]];
      record({ type: 'fault', t: from, name, fault, action, targets, ...landed, from, to: now() });
      return landed;
    },
  });
  if (result.landed) await forgetRolling(lab, entry.name, nodes, entry.steps);
  note(`${entry.name}-done`, 'heal', now(), result);
}

/** Names on a timeline differ: somebody did something of the same name by hand. */
const twice: Landed = { landed: false, evidence: 'something of that name is on record already' };

async function play(
  lab: LiveLab,
  entry: Exclude<TimelineEntry, TimelineRolling>,
  timeline: readonly TimelineEntry[],
  options: TimelineOptions,
): Promise<void> {
  const { now, record } = options;
  const from = now();
  const done =
    entry.action === 'scale' ? await scale(lab, entry, options) : await hit(lab, entry, timeline, options);
  record({ type: 'fault', t: from, name: entry.name, ...done, from, to: now() });
}

type Done = Pick<FaultEvent, 'fault' | 'action' | 'targets' | 'landed' | 'evidence'>;

async function scale(
  lab: LiveLab,
  { tier, by, withinMs }: TimelineScale,
  { scaled, signal }: TimelineOptions,
): Promise<Done> {
  const before = lab.plan;
  const after = scaled(before, tier, by);
  const [larger, smaller] = by > 0 ? [after, before] : [before, after];
  const names = new Set(smaller.nodes.map(({ name }) => name));
  const result = await changeLab(lab, after, { withinMs, signal }).catch((error: unknown): Landed => {
    signal.throwIfAborted();
    return { landed: false, evidence: explain(error) };
  });
  const targets = larger.nodes.map(({ name }) => name).filter((name) => !names.has(name));
  return { fault: 'scale', action: 'inject', targets, ...result };
}

async function hit(
  lab: LiveLab,
  entry: Exclude<TimelineEntry, TimelineRolling | TimelineScale>,
  timeline: readonly TimelineEntry[],
  { seed, signal }: TimelineOptions,
): Promise<Done> {
  const cause = 'of' in entry ? causeOf(entry.of, timeline) : entry;
  const known = 'of' in entry ? await ledgerEntries(lab.paths) : [];
  const wereHit = known.find(({ name }) => name === cause.name)?.nodes;
  const hits = resolveTarget(lab.plan, cause.target, wereHit).map((each) => ({ ...each, seed, signal }));
  const [fault, options] = cause.action === 'drain' ? ['drain', {}] : [cause.fault, cause.options];
  const doIt = (): Promise<Landed> => act(lab, entry, cause, hits, signal);
  const { name, target } = cause;
  const result =
    'of' in entry
      ? await doIt()
      : ((await onRecord(lab, { name, fault, target, options, seed }, doIt)) ?? twice);
  if ('of' in entry && result.landed) await forgetEntry(lab.paths, entry.of);
  return {
    fault,
    action: 'of' in entry ? 'heal' : 'inject',
    targets: hits.map(({ node }) => node.name),
    ...result,
  };
}

function act(
  lab: LiveLab,
  entry: Exclude<TimelineEntry, TimelineRolling | TimelineScale>,
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
  if (found === undefined || 'of' in found || found.action === 'rolling' || found.action === 'scale')
    throw new Error(`nothing named ${name} on the timeline`);
  return found;
}
