/** What faults of L4 nodes have in common. */
import type { Balancing } from '../kinds/contract.ts';
import type { LiveLab } from '../lab/index.ts';
import type { Refusal } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { refuseUnknown } from './nodes.ts';

export const kindsThatBalance = ['ipvs'] as const;

export function balancingOf(lab: LiveLab, node: PlannedNode): Balancing {
  const { balancing } = lab.kindOf(node);
  if (balancing === undefined) throw new Error(`${node.name} balances nothing`);
  return balancing;
}

export const serversOf = ({ targets }: PlannedNode): string[] => [
  ...new Set(targets.map(({ node }) => node)),
];

export function refuseServer(
  plan: Plan,
  node: PlannedNode,
  key: string,
  server: string,
): Refusal | undefined {
  return refuseUnknown(plan, key, server, serversOf(node), `servers of ${node.name}`);
}
