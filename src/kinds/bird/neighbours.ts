/** Whom a node meets in BGP, at once or through a reflector. */
import type { BgpPeer, Neighbour, Plan, PlannedNode } from '../../topology/types.ts';
import { bgpOptions } from './options.ts';

/** A router that carries no packets: it passes routes on between its clients. */
export const isReflector = ({ peers }: Pick<PlannedNode, 'peers'>): boolean =>
  peers.some(({ role }) => role === 'client');

/** Who may send it packets on, and it to them. A reflector has none. */
export const neighboursOf = ({ peers, reflected = [] }: PlannedNode): readonly Neighbour[] => [
  ...peers.filter(({ role }) => role === undefined),
  ...reflected,
];

/** BFD comes up only where both sides want it. */
export function isWatched(plan: Plan, node: PlannedNode, peer: BgpPeer): boolean {
  const other = plan.nodes.find(({ name }) => name === peer.node);
  return [node, other].every((side) => side !== undefined && bgpOptions.parse(side.options).bfd);
}
