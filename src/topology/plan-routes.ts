import type { AddressedNetwork } from './plan-addresses.ts';
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
  if (group.role === 'none') return here.flatMap(defaultRoutes).slice(0, 1);
  return group.role === 'router' ? sourceRoutes(group, here) : [];
}

function defaultRoutes({ name, groups, byGroup }: AddressedNetwork): Routes {
  const router = groups.find(({ role }) => role === 'router');
  const via = router === undefined ? undefined : byGroup.get(router.name)?.[0]?.address;
  return via === undefined ? [] : [{ to: 'default', via, interface: name }];
}

/** One route for each prefix, over the first network on which its owner is met. */
function sourceRoutes(router: PlanGroup, networks: readonly AddressedNetwork[]): Routes {
  const routes = new Map<string, Routes[number]>();
  for (const { name, groups, byGroup } of networks) {
    for (const owner of groups.filter((group) => group.name !== router.name)) {
      owner.shares.forEach((prefix, i) => {
        const via = byGroup.get(owner.name)?.[i]?.address;
        if (via !== undefined && !routes.has(prefix))
          routes.set(prefix, { to: prefix, via, interface: name });
      });
    }
  }
  return [...routes.values()];
}
