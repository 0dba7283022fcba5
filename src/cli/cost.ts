import type { Scenario, TimelineEntry } from '../scenario/index.ts';
import type { Topology } from '../topology/index.ts';

/** About how long a scenario takes with its control, in milliseconds: coming up and going down, and the timelines. */
export function costOf({
  scenario,
  topology,
}: {
  readonly scenario: Scenario;
  readonly topology: Topology;
}): number {
  const { control } = scenario;
  return runMs(scenario, topology) + (control === undefined ? 0 : runMs(control, topology));
}

function runMs(
  { timeline, durationMs }: Pick<Scenario, 'timeline' | 'durationMs'>,
  { nodes }: Topology,
): number {
  const count = nodes.reduce((sum, group) => sum + group.count, 0);
  const rolling = timeline.reduce((sum, entry) => sum + rollingMs(entry, nodes), 0);
  return 6000 + 500 * count + rolling + durationMs;
}

/** What is rolling lasts as long as it takes, whatever the scenario's duration is. */
function rollingMs(entry: TimelineEntry, nodes: Topology['nodes']): number {
  if (entry.action !== 'rolling') return 0;
  const { target, maxUnavailable, steps, pauseMs } = entry;
  const count = nodes.find(({ name }) => name === target)?.count ?? 0;
  return Math.ceil(count / maxUnavailable) * (steps.length * stepMs + pauseMs);
}

/** Measured in a guest, of all steps of all tiers. */
const stepMs = 1300;
