/** What a node needs to announce VIPs: its BIRD says those that are on a dummy device; who puts them there knows when. */
import { hostPrefix } from '../../base/ip.ts';
import type { PlannedNode } from '../../topology/types.ts';

/** The dummy device whose addresses BIRD announces. */
export const announceDevice = 'announce';

/** Lines for `ip -batch`. The VIPs are always local: one that is withdrawn still serves the flows that are under way. */
export const announcing = (node: PlannedNode): string[] => [
  `link add name ${announceDevice} up type dummy`,
  ...vipsOf(node).map((vip) => `address add ${hostPrefix(vip)} dev lo`),
];

export const vipsOf = ({ services }: PlannedNode): string[] => [...new Set(services.map(({ vip }) => vip))];
