import type { Plan } from '../topology/index.ts';
import type { FaultTraits, Refusal } from './types.ts';

/**
 * What no schema can say of a fault's keys: whether they make sense for the nodes that it would hit.
 * @returns the first objection. A target that is wrong in itself is told elsewhere.
 */
export function refuseFault(
  fault: FaultTraits,
  target: string,
  options: Readonly<Record<string, unknown>>,
  plan: Plan,
): Refusal | undefined {
  const [name] = target.split(':');
  for (const node of plan.nodes) {
    if (node.name !== name && node.group !== name) continue;
    if (fault.kinds !== undefined && !fault.kinds.includes(node.kind)) continue;
    const refusal = fault.refuse?.(node, options, plan);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
