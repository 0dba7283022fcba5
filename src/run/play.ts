/** The timeline, from the steady state to the end: the oracle speaks, things break, and all of it is watched. */

import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../base/clock.ts';
import type { Defer } from '../base/defer.ts';
import { formatDuration } from '../base/units.ts';
import { playTimeline } from '../faults/timeline.ts';
import { kindTable } from '../kinds/index.ts';
import type { LiveLab } from '../lab/index.ts';
import { type askWays, type ExecIn, foretell, waysTaken, withSightings } from '../oracle/index.ts';
import { scaled } from '../scenario/index.ts';
import type { heldFlows, NodeWatch, PathWatch, TroubleWatch } from '../traffic/index.ts';
import type { HistoryEvent } from '../verdict/history.ts';
import { asksOracle } from '../verdict/index.ts';
import { durationOf, expectationsOf, isExpected, plansOf, timelineOf } from './description.ts';
import type { Role, RunOptions } from './options.ts';

/** What is there when the traffic is under way. */
interface Watched {
  readonly record: (event: HistoryEvent) => void;
  readonly watch: PathWatch;
  readonly nodeWatch: NodeWatch;
  readonly trouble: TroubleWatch;
  readonly flows: ReturnType<typeof heldFlows>;
  /** Where the routers send each flow before anything happens. */
  readonly ways: ReturnType<typeof askWays>;
  readonly exec: ExecIn;
  /** Rejects when the traffic process ends before its time. */
  readonly died: Promise<never>;
}

export async function play(
  role: Role,
  live: LiveLab,
  { record, watch, nodeWatch, trouble, flows, ways, exec, died }: Watched,
  defer: Defer,
  { scenario, report, signal }: RunOptions,
): Promise<void> {
  watch.start(1000);
  defer.add('the path watch', () => watch.stop());
  const plans = plansOf(scenario, role, live.plan);
  nodeWatch.start((node) => isExpected(scenario, node));
  defer.add('the node watch', () => nodeWatch.stop());
  await Promise.all([watch.look(), nodeWatch.look()]);
  const timeline = timelineOf(scenario, role);
  const durationMs = durationOf(scenario, role);
  if (asksOracle(expectationsOf(scenario, role))) {
    const seen = ways.then((known) => withSightings(known, flows, (client) => watch.sighting(client)));
    for (const event of await foretell({ ...scenario, timeline, durationMs }, plans, flows, {
      ways: seen,
      exec,
      now,
    }))
      record(event);
  }
  trouble.begin(
    await ways.then(
      (known) => waysTaken(live.plan, flows, known),
      () => new Map(),
    ),
  );
  const start = now();
  record({ type: 'phase', t: start, phase: 'timeline' });
  report({ type: 'step', message: `steady; playing the timeline (${formatDuration(durationMs)})` });
  const say = (event: HistoryEvent): void => {
    record(event);
    if (event.type === 'fault') {
      report({
        type: event.landed ? 'detail' : 'warning',
        message: `${event.name} (${event.fault} ${event.action} ${event.targets.join(', ')}): ${event.landed ? 'landed' : 'did NOT land'}: ${event.evidence}`,
      });
    }
  };
  const over = new AbortController();
  const playing = playTimeline(live, timeline, {
    start,
    now,
    record: say,
    before: () => watch.look(),
    seed: scenario.seed,
    scaled: (plan, tier, by) => scaled(plan, tier, by, kindTable),
    signal: AbortSignal.any([signal, over.signal]),
  });
  const lateMs = await Promise.race([died, playing]).finally(async () => {
    // Or it would go on with a lab that is being removed.
    over.abort();
    await playing.catch(() => undefined);
  });
  const endMs = Math.max(start + lateMs + durationMs, timeline.length === 0 ? 0 : now() + leastRestMs);
  await Promise.race([died, delay(Math.max(0, endMs - now()), undefined, { signal })]);
  await Promise.all([watch.stop(), nodeWatch.look()]);
  record({ type: 'phase', t: now(), phase: 'end' });
  // What is done from now on is not slowed by being watched. Who does not answer is waited for when all else is done.
  void nodeWatch.stop();
}

/** After the last entry has been carried out, however long that took: what comes of it is seen within two looks. */
const leastRestMs = 2000;
