/** Timelines and plans as a scenario would have them. */
import { kindTable } from '../../../src/kinds/index.ts';
import {
  chooserOf,
  type ForetoldFlow,
  type KnownWay,
  type Prediction,
  predict,
} from '../../../src/oracle/index.ts';
import { plansOver, type Scenario, type TimelineEntry } from '../../../src/scenario/index.ts';
import type { Plan, PlannedNode } from '../../../src/topology/types.ts';
import { nodeOf } from '../kinds/three-tier.ts';

export const scale = (tier: string, by: number, atMs: number): TimelineEntry => ({
  action: 'scale',
  name: `${tier} ${by}`,
  atMs,
  tier,
  by,
  withinMs: 30_000,
});

export const inject = (
  fault: string,
  target: string,
  atMs: number,
  options: Readonly<Record<string, unknown>> = {},
): TimelineEntry => ({ action: 'inject', name: `${fault} ${target}`, atMs, fault, target, options });

export const heal = ({ name }: TimelineEntry, atMs: number): TimelineEntry => ({
  action: 'heal',
  name: `heal ${name}`,
  atMs,
  of: name,
});

export const rolling = (target: string, steps: readonly string[], maxUnavailable = 1): TimelineEntry => ({
  action: 'rolling',
  name: 'roll',
  atMs: 1000,
  target,
  steps: steps.map((step) =>
    step === 'drain' || step === 'undrain'
      ? { action: step }
      : { action: 'inject', fault: step, options: {} },
  ),
  maxUnavailable,
  pauseMs: 0,
  withinMs: 20_000,
});

/** What becomes of the flows of 40 s, on a lab that changes as the timeline says. */
export function foretold(
  timeline: readonly TimelineEntry[],
  plan: Plan,
  { traffic, flows }: { readonly traffic: Scenario['traffic']; readonly flows: readonly ForetoldFlow[] },
  ways: (flow: ForetoldFlow) => KnownWay = () => ({}),
): Prediction {
  const known = new Map(
    flows.map((flow): [string, KnownWay] => [`${flow.address}:${flow.port}`, ways(flow)]),
  );
  const plans = plansOver(timeline, plan, kindTable);
  return predict({ timeline, durationMs: 40_000, traffic }, plans, flows, known);
}

/** The plan with other options of all nodes of a kind. */
export const withOptions = (plan: Plan, kind: string, options: Readonly<Record<string, unknown>>): Plan => ({
  ...plan,
  nodes: plan.nodes.map(
    (node): PlannedNode =>
      node.kind === kind ? { ...node, options: { ...node.options, ...options } } : node,
  ),
});

/** Numbers of the flows that the L4 nodes of the two plans send to different L7 nodes. */
export function differing(flows: readonly ForetoldFlow[], before: Plan, after: Plan): number[] {
  const [one, other] = [before, after].map((plan) =>
    chooserOf(nodeOf(plan, 'l4-1'), { vip: '198.51.100.1', port: 80 }),
  );
  return flows.flatMap(({ address, port, flow }) =>
    one?.(address, port) === other?.(address, port) ? [] : [flow],
  );
}
