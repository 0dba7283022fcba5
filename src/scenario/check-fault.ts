import type { Plan } from '../topology/index.ts';
import type { FaultTraits, Refusal } from './types.ts';

/**
 * What no schema can say of a fault's keys: whether they make sense for the nodes that it would hit, or for those cables of them.
 * @returns the first objection. A target that is wrong in itself is told elsewhere.
 */
export function refuseFault(
  fault: FaultTraits,
  target: string,
  options: Readonly<Record<string, unknown>>,
  plan: Plan,
): Refusal | undefined {
  const [name, network] = target.split(':');
  for (const node of plan.nodes) {
    if (node.name !== name && node.group !== name) continue;
    if (fault.kinds !== undefined && !fault.kinds.includes(node.kind)) continue;
    const interfaces = node.interfaces.filter((each) => fault.target === 'node' || each.network === network);
    const refusal = fault.refuse?.({ ...node, interfaces }, options, plan);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
