import type { KindTraits, Plan, PlannedNode } from './types.ts';

/** What nodes of a kind can be asked for while they run. */
export const measureTypes = (
  kind: Pick<KindTraits, 'measures'> | undefined,
): Readonly<Record<string, 'gauge' | 'counter'>> =>
  Object.fromEntries(Object.entries(kind?.measures ?? {}).map(([name, { type }]) => [name, type]));

/** Nodes whose state shows in that of `node`: its servers and theirs; a router's are its neighbours too; reflectors by which others hear of it. */
export function neededBy(node: PlannedNode, plan: Plan): string[] {
  const found = new Set<string>();
  const visit = ({ name, targets, peers, reflected = [], kind }: PlannedNode): void => {
    if (found.has(name)) return;
    found.add(name);
    const next = new Set(targets.map((target) => target.node));
    // A speaker has a way because its own service is well; a router, because somebody behind it has.
    if (kind === 'bird') for (const peer of [...peers, ...reflected]) next.add(peer.node);
    for (const each of plan.nodes) if (next.has(each.name)) visit(each);
  };
  visit(node);
  // Not their clients as well: that would be everybody.
  for (const peer of node.peers) if (peer.role === 'reflector') found.add(peer.node);
  found.delete(node.name);
  return [...found];
}
