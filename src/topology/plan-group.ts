import { eachOf } from '../base/families.ts';
import { nodeNames } from './names.ts';
import { type BgpRole, roleOf } from './sessions.ts';
import { shares } from './sources.ts';
import type { KindTable, KindTraits, NodeGroup } from './types.ts';

/** A group with its kind's traits and its nodes' names: what all steps of the plan work on. */
export interface PlanGroup extends NodeGroup {
  readonly traits: KindTraits;
  readonly role: BgpRole;
  readonly nodeNames: readonly string[];
  /** Each node's part of the group's sources, of each family one; empty without. */
  readonly shares: readonly (readonly string[])[];
}

export function expand(group: NodeGroup, kinds: KindTable): PlanGroup {
  const traits = kinds[group.kind];
  if (traits === undefined) throw new Error(`the topology names kind ${group.kind}, which the table lacks`);
  const parts = eachOf(group.sources).map((prefix) => shares(prefix, group.count));
  const names = nodeNames(group);
  return {
    ...group,
    traits,
    role: roleOf(group, traits),
    nodeNames: names,
    shares: group.sources === undefined ? [] : names.map((_, i) => parts.flatMap((part) => part[i] ?? [])),
  };
}
