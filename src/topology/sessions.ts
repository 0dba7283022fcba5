/** Who speaks BGP with whom, group by group. */
import type { KindTraits, NodeGroup } from './types.ts';

/** What a group is in BGP. A router that reflects routes is a reflector: it passes routes on, but no packets. */
export type BgpRole = KindTraits['bgp'] | 'reflector';

export interface BgpGroup extends Pick<NodeGroup, 'name' | 'networks' | 'reflects'> {
  readonly role: BgpRole;
}

/**
 * What `other` is to `group` on a network that both are on:
 *
 * - `external`: they have sessions. So have routers with every router and speaker that is not of their own group.
 * - `reflector`, `client`: they have sessions inside one AS, and the one passes on to its clients what it hears from them (RFC 4456).
 * - `reflected`: they have none, but hear of each other through a reflector. Between routers, and between them and speakers.
 */
export type Relation = 'external' | 'reflector' | 'client' | 'reflected' | 'none';

export function relationOf(
  group: BgpGroup,
  other: BgpGroup,
  network: string,
  reflectors: readonly BgpGroup[],
): Relation {
  if (reflects(group, other)) return 'client';
  if (reflects(other, group)) return 'reflector';
  const roles = [group.role, other.role];
  if (!roles.includes('router') || roles.includes('reflector') || roles.includes('none')) return 'none';
  const common = reflectors.filter((each) => reflects(each, group) && reflects(each, other));
  if (common.length > 0)
    return common.some(({ networks }) => networks.includes(network)) ? 'reflected' : 'none';
  return group.name === other.name ? 'none' : 'external';
}

export const roleOf = (
  { reflects: clients }: Pick<NodeGroup, 'reflects'>,
  traits: Pick<KindTraits, 'bgp'> | undefined,
): BgpRole => (clients === undefined ? (traits?.bgp ?? 'none') : 'reflector');

const reflects = (one: Pick<BgpGroup, 'reflects'>, other: Pick<BgpGroup, 'name'>): boolean =>
  one.reflects?.includes(other.name) === true;
