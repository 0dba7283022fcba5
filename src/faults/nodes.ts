/** Nodes that a fault's target and its keys name. */
import { suggest } from '../base/suggest.ts';
import type { Refusal } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import type { Hit } from './contract.ts';

/** The node of that name, or all nodes of that group; none if there is neither. */
export function nodesNamed(plan: Plan, name: string): PlannedNode[] {
  const [exact] = plan.nodes.filter((node) => node.name === name);
  return exact === undefined ? plan.nodes.filter(({ group }) => group === name) : [exact];
}

/**
 * What a target as written means: `l4-1`, `l4` (every node of the group), `l4-1:fabric`, `l4:fabric`.
 * @param among those alone; of what is to be undone, those that were hit: who has joined the group since has nothing to undo
 */
export function resolveTarget(plan: Plan, target: string, among?: readonly string[]): Hit[] {
  const [name = '', network] = target.split(':');
  return nodesNamed(plan, name)
    .filter((node) => among?.includes(node.name) ?? true)
    .map((node) => (network === undefined ? { node } : { node, network }));
}

/** Those of `among` that are called so: by their own name, or by their group's. */
export function chosen(plan: Plan, name: string, among: readonly string[]): string[] {
  return nodesNamed(plan, name)
    .map((node) => node.name)
    .filter((node) => among.includes(node));
}

/** Refuses a name that stands for none of `among`. @param what they are: "BGP peers of l4-1" */
export function refuseUnknown(
  plan: Plan,
  key: string,
  name: string,
  among: readonly string[],
  what: string,
): Refusal | undefined {
  if (chosen(plan, name, among).length > 0) return undefined;
  const known = [...new Set(among)];
  return { key, message: `"${name}" is none of the ${what}`, hint: suggest(name, known, `the ${what}`) };
}
