/** What a history begins with: what is asked, of whom, where. */

import { resolve } from 'node:path';
import { now } from '../base/clock.ts';
import { rolledNames } from '../faults/index.ts';
import { kindTable } from '../kinds/index.ts';
import { environmentOf, type LiveLab } from '../lab/index.ts';
import { describeEntry, plansOver, type Scenario, type TimelineEntry } from '../scenario/index.ts';
import { measureTypes, neededBy, type Plan, type PlannedNode } from '../topology/index.ts';
import type { HistoryEvent, NodeSpec, RunEvent } from '../verdict/history.ts';
import type { Role, RunOptions } from './options.ts';

export async function describeRun(
  role: Role,
  live: LiveLab,
  { scenario, version }: RunOptions,
): Promise<HistoryEvent> {
  const kernel = (await live.host.readFile('/proc/sys/kernel/osrelease')).trim();
  return {
    type: 'run',
    t: now(),
    tierlab: version,
    format: 1,
    scenario: scenario.name,
    role,
    lab: live.paths.name,
    host: live.host.name,
    kernel,
    seed: scenario.seed,
    traffic: scenario.traffic,
    expect: expectationsOf(scenario, role),
    nodes: describeNodes(plansOf(scenario, role, live.plan)),
    ...(await environmentOf(live)),
    ...(role === 'control' && scenario.control !== undefined ? differences(scenario, scenario.control) : {}),
    steadyForMs: scenario.steady.forMs,
    durationMs: durationOf(scenario, role),
    timeline: timelineOf(scenario, role).flatMap((entry) =>
      namesOf(entry, live.plan).map((name) => ({ atMs: entry.atMs, name, what: describeEntry(entry) })),
    ),
  };
}

/** Every node that is there at some time. */
function describeNodes(plans: readonly Plan[]): NodeSpec[] {
  const specs = plans.flatMap((plan) =>
    plan.nodes.map((node): [string, NodeSpec] => {
      const { name, group: tier, kind } = node;
      return [name, { name, tier, needs: neededBy(node, plan), measures: measureTypes(kindTable[kind]) }];
    }),
  );
  return [...new Map(specs).values()];
}

/** What the lab is, one after another, while the timeline is played. */
export const plansOf = (scenario: Scenario, role: Role, plan: Plan): readonly Plan[] =>
  plansOver(timelineOf(scenario, role), plan, kindTable);

/** Is an expectation, of the run or of its control, about the node or its tier? */
export function isExpected({ expect, control }: Scenario, { name, group }: PlannedNode): boolean {
  return [...expect, ...(control?.expect ?? [])].some(({ expression }) =>
    [name, group].includes(expression.trim().split('.')[0] ?? ''),
  );
}

export const expectationsOf = ({ expect, control }: Scenario, role: Role): readonly string[] =>
  (role === 'main' ? expect : (control?.expect ?? [])).map(({ expression }) => expression);

/** Names of all that an entry puts on record. */
const namesOf = (entry: TimelineEntry, plan: Plan): string[] =>
  entry.action === 'rolling' ? rolledNames(entry, plan) : [entry.name];

export const timelineOf = ({ timeline, control }: Scenario, role: Role): Scenario['timeline'] =>
  role === 'control' && control !== undefined ? control.timeline : timeline;

export const durationOf = ({ durationMs, control }: Scenario, role: Role): number =>
  role === 'control' && control !== undefined ? control.durationMs : durationMs;

/** How the control differs from the main run. */
const differences = (
  { topologyFile }: Scenario,
  { topology, set, skip, replace }: NonNullable<Scenario['control']>,
): Pick<RunEvent, 'topology' | 'set' | 'skip'> => ({
  ...(resolve(topology.file) === topologyFile ? {} : { topology: topology.name }),
  set: { ...set, ...replace },
  ...(skip.length === 0 ? {} : { skip }),
});
