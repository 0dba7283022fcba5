import type { Proxying } from '../kinds/contract.ts';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';

export function proxyingOf(lab: LiveLab, node: PlannedNode): Proxying {
  const { proxying } = lab.kindOf(node);
  if (proxying === undefined) throw new Error(`${node.name} is no proxy`);
  return proxying;
}
