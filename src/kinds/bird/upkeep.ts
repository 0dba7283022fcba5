import type { PlannedNode, Upkeep } from '../../topology/types.ts';
import { bgpOptions, milliseconds } from './options.ts';

/**
 * BFD packets that a node sends. The two ends of a session take the longer of their intervals (RFC 5880 6.8.2). Measured in a guest: 0.65 ms
 * for sending one and receiving it.
 */
export function speakerUpkeep(
  { peers, options }: PlannedNode,
  nodes: ReadonlyMap<string, PlannedNode>,
): readonly Upkeep[] {
  const own = bgpOptions.parse(options);
  const perSecond = peers.reduce((sum, peer) => {
    const other = bgpOptions.parse(nodes.get(peer.node)?.options ?? options);
    if (!own.bfd || !other.bfd) return sum;
    return sum + 1000 / Math.max(milliseconds(own.bfd_interval), milliseconds(other.bfd_interval));
  }, 0);
  return [{ what: 'BFD packets', perSecond, msEach: 0.65, key: 'bfd_interval' }];
}
