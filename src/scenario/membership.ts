import {
  type KindTable,
  type Plan,
  type PlannedNode,
  planTopology,
  type ScaleRefusal,
  scalePlan,
  type Topology,
} from '../topology/index.ts';
import type { TimelineItem } from './schema.ts';
import type { TimelineEntry } from './types.ts';

/** Who is there when: a timeline may scale tiers. */
export interface Membership {
  /** By the entry's place in the file: the plan when it begins. */
  readonly before: readonly Plan[];
  /** Every node that is there at some time. */
  readonly nodes: readonly PlannedNode[];
  readonly refused: readonly (ScaleRefusal & { readonly entry: number })[];
}

/** Each plan that a lab has, one after another, while a checked timeline is played. */
export function plansOver(
  timeline: readonly TimelineEntry[],
  first: Plan,
  kinds: KindTable,
): readonly Plan[] {
  const plans = [first];
  let plan = first;
  for (const entry of timeline) {
    if (entry.action !== 'scale') continue;
    plan = scaled(plan, entry.tier, entry.by, kinds);
    plans.push(plan);
  }
  return plans;
}

/** The plan with so many nodes more in a tier, which was found possible when the scenario was loaded. */
export function scaled(plan: Plan, tier: string, by: number, kinds: KindTable): Plan {
  const after = scalePlan(plan, tier, by, kinds);
  if ('refusal' in after) throw new Error(after.refusal.message);
  return after;
}

export function membershipOf(
  topology: Topology,
  timeline: readonly TimelineItem[],
  kinds: KindTable,
): Membership {
  let plan = planTopology(topology, kinds);
  const before: Plan[] = timeline.map(() => plan);
  const nodes = new Map(plan.nodes.map((node) => [node.name, node]));
  const refused: (ScaleRefusal & { entry: number })[] = [];
  const inTime = timeline.map((item, entry) => ({ item, entry })).sort((a, b) => a.item.at - b.item.at);
  for (const { item, entry } of inTime) {
    before[entry] = plan;
    if (item.fault !== undefined || item.action !== 'scale') continue;
    const next = scalePlan(plan, item.tier, item.by, kinds);
    if ('refusal' in next) refused.push({ ...next.refusal, entry });
    else plan = next;
    for (const node of plan.nodes) nodes.set(node.name, node);
  }
  return { before, nodes: [...nodes.values()], refused };
}
