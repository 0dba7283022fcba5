/** What stays the same in all pictures of a run. */
import { naturally } from '../../base/natural-order.ts';
import type { Plan } from '../../topology/types.ts';
import type { Stage } from '../../verdict/index.ts';

export interface Chain {
  /** Names of the nodes, by their distance from the clients. */
  readonly tiers: readonly (readonly string[])[];
  readonly links: readonly Link[];
  /** The most flows of any stage: they are drawn at full width. */
  readonly flows: number;
}

export interface Link {
  readonly from: string;
  readonly to: string;
}

export function chainOf(plan: Plan | undefined, stages: readonly Stage[]): Chain {
  const flows = Math.max(1, ...stages.map(({ flows: { kept, moved, broken } }) => kept + moved + broken));
  return { tiers: tiersOf(plan, stages), links: linksOf(plan), flows };
}

/** Nodes by their distance from the clients; without a plan (an old run) only those that flows were seen on. */
function tiersOf(plan: Plan | undefined, stages: readonly Stage[]): string[][] {
  if (plan !== undefined) {
    const numbers = [...new Set(plan.nodes.flatMap(({ tier }) => tier ?? []))].sort((a, b) => a - b);
    return numbers.map((n) => plan.nodes.filter(({ tier }) => tier === n).map(({ name }) => name));
  }
  const ways = stages.flatMap((stage) => stage.ways);
  const from = new Set(ways.flatMap((way) => way.from ?? []));
  const to = new Set(ways.map((way) => way.to));
  return [
    [...from].filter((node) => !to.has(node)),
    [...from].filter((node) => to.has(node)),
    [...to].filter((node) => !from.has(node)),
  ].map((tier) => tier.sort(naturally));
}

/** From each node to those of the next tier that share a network with it. */
function linksOf(plan: Plan | undefined): Link[] {
  const nodes = plan?.nodes ?? [];
  return nodes.flatMap(({ name, tier, interfaces }) => {
    const networks = interfaces.map(({ network }) => network);
    return nodes
      .filter((other) => tier !== undefined && other.tier === tier + 1)
      .filter((other) => other.interfaces.some(({ network }) => networks.includes(network)))
      .map((other) => ({ from: name, to: other.name }));
  });
}
