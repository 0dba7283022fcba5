import { groupBy } from '../base/group-by.ts';
import type { PlanGroup } from './plan-group.ts';

/**
 * How far each group is from the clients: 0 for clients (groups with sources), then one more for each router on the way;
 * a group that services are passed on to comes one after those that pass them, though it may be on the same network.
 * A group that packets from clients do not reach has none.
 */
export function planTiers(groups: readonly PlanGroup[]): ReadonlyMap<string, number> {
  const tiers = new Map<string, number>();
  const onNetwork = groupBy(groups, ({ networks }) => networks);
  const targets = new Set(groups.map(({ to }) => to));

  // Breadth first over the networks. Only clients and routers lead on, and chains have their own order.
  const queue = groups.filter(({ sources }) => sources !== undefined);
  for (const { name } of queue) tiers.set(name, 0);
  const seen = new Set<string>();
  for (const group of queue) {
    const leadsOn = tiers.get(group.name) === 0 || group.role === 'router';
    for (const network of leadsOn ? group.networks : []) {
      if (seen.has(network)) continue;
      seen.add(network);
      for (const next of onNetwork.get(network) ?? []) {
        if (tiers.has(next.name) || targets.has(next.name) || next.role === 'reflector') continue;
        tiers.set(next.name, (tiers.get(group.name) ?? 0) + 1);
        queue.push(next);
      }
    }
  }

  // Chains have no loops (the loader refuses them), so each round settles at least the next link of one.
  const byName = new Map(groups.map((group) => [group.name, group]));
  const follow = (group: PlanGroup): void => {
    const target = byName.get(group.to ?? '');
    const tier = tiers.get(group.name);
    if (target === undefined || tier === undefined || (tiers.get(target.name) ?? -1) > tier) return;
    tiers.set(target.name, tier + 1);
    follow(target);
  };
  for (const group of groups.filter(({ name }) => !targets.has(name))) follow(group);
  return tiers;
}
