import { type Family, familyOf } from '../base/ip.ts';
import { type AddressedNetwork, addressIn } from './plan-addresses.ts';
import type { PlanGroup } from './plan-group.ts';
import type { PlannedNode } from './types.ts';

type Routes = PlannedNode['routes'];

/**
 * Static routes, where BGP does not bring them: a node without BGP has its default by the first router on its
 * networks, and routers reach a client's sources by the client. @returns the routes of every node of a group
 */
export function planRoutes(
  groups: readonly PlanGroup[],
  networks: ReadonlyMap<string, AddressedNetwork>,
): (group: PlanGroup) => Routes {
  const routes = new Map(groups.map((group) => [group.name, routesOf(group, networks)]));
  return ({ name }) => routes.get(name) ?? [];
}

function routesOf(group: PlanGroup, networks: ReadonlyMap<string, AddressedNetwork>): Routes {
  const here = group.networks.flatMap((network) => networks.get(network) ?? []);
  if (group.role === 'none') {
    const families: readonly Family[] = ['ipv4', 'ipv6'];
    return families.flatMap((family) =>
      here.flatMap((network) => defaultRoutes(network, family)).slice(0, 1),
    );
  }
  return group.role === 'router' ? sourceRoutes(group, here) : [];
}

function defaultRoutes({ name, speaking, byGroup }: AddressedNetwork, family: Family): Routes {
  const router = speaking.find(({ role }) => role === 'router');
  const via = router === undefined ? undefined : addressIn(byGroup.get(router.name)?.[0], family);
  return via === undefined ? [] : [{ to: 'default', via, interface: name }];
}

/** One route for each prefix, over the first network on which its owner is met. */
function sourceRoutes(router: PlanGroup, networks: readonly AddressedNetwork[]): Routes {
  const routes = new Map<string, Routes[number]>();
  for (const { name, groups, byGroup } of networks) {
    for (const owner of groups.filter((group) => group.name !== router.name)) {
      owner.shares.forEach((prefixes, i) => {
        for (const prefix of prefixes) {
          const via = addressIn(byGroup.get(owner.name)?.[i], familyOf(prefix));
          if (via !== undefined && !routes.has(prefix))
            routes.set(prefix, { to: prefix, via, interface: name });
        }
      });
    }
  }
  return [...routes.values()];
}
