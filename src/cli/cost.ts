import type { Scenario, TimelineEntry } from '../scenario/index.ts';
import type { Topology } from '../topology/index.ts';

/** About how long a scenario takes, in milliseconds: coming up and going down, and its timeline; twice if there is a control. */
export function costOf({
  scenario,
  topology,
}: {
  readonly scenario: Scenario;
  readonly topology: Topology;
}): number {
  const nodes = topology.nodes.reduce((sum, { count }) => sum + count, 0);
  const rolling = scenario.timeline.reduce((sum, entry) => sum + rollingMs(entry, topology), 0);
  const once = 6000 + 500 * nodes + rolling + scenario.durationMs;
  return scenario.control === undefined ? once : 2 * once;
}

/** What is rolling lasts as long as it takes, whatever the scenario's duration is. */
function rollingMs(entry: TimelineEntry, { nodes }: Topology): number {
  if (entry.action !== 'rolling') return 0;
  const { target, maxUnavailable, steps, pauseMs } = entry;
  const count = nodes.find(({ name }) => name === target)?.count ?? 0;
  return Math.ceil(count / maxUnavailable) * (steps.length * stepMs + pauseMs);
}

/** Measured in a guest, of all steps of all tiers. */
const stepMs = 1300;
