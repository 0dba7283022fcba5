import type { RollingStep, TimelineRolling } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';

/** Names under which a rolling action is on record: itself, each step, and that all is done. */
export function rolledNames({ name, target, steps }: TimelineRolling, plan: Plan): string[] {
  const nodes = plan.nodes.filter(({ group }) => group === target);
  return [name, ...nodes.flatMap((node) => steps.map((step) => stepName(name, node, step))), `${name}-done`];
}

export const stepName = (name: string, node: PlannedNode, step: RollingStep): string =>
  `${name}-${node.name}-${faultOf(step)}`;

/** `drain`, `undrain`, or the name of the fault. */
export const faultOf = (step: RollingStep): string => (step.action === 'inject' ? step.fault : step.action);
