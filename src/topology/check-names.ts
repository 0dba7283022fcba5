import { groupBy } from '../base/group-by.ts';
import type { Check } from './check.ts';
import { nameLimit, nodeNames } from './names.ts';

/** A name stands for one thing: a node, a group or a network. (A service may be called like the backends that answer it.) */
export function checkNames({ topology, kinds, problem }: Check): void {
  const { nodes, networks, services } = topology;
  const crowded = groupBy(nodes, (group) => {
    const devices = kinds[group.kind]?.devices ?? [];
    return group.networks.filter((network) => devices.includes(network));
  });
  for (const { name } of networks) {
    const [group] = crowded.get(name) ?? [];
    if (group === undefined) continue;
    const message = `the network cannot be called "${name}": nodes of kind ${group.kind}, such as "${group.name}", have a device of that name`;
    problem(['networks', name], message, undefined, 'key');
  }
  const taken = new Map<string, string>();
  for (const { name } of networks) taken.set(name, `the network "${name}"`);
  for (const { name } of services) {
    if (taken.has(name))
      problem(['services', name], `the name "${name}" is taken by a network`, undefined, 'key');
  }
  for (const { name } of nodes) {
    const owner = taken.get(name);
    if (owner !== undefined)
      problem(['nodes', name], `the name "${name}" is taken by ${owner}`, undefined, 'key');
    else taken.set(name, `the group "${name}"`);
  }
  for (const group of nodes.filter(({ numbered }) => numbered)) {
    const names = nodeNames(group);
    const longest = names.at(-1) ?? '';
    if (longest.length > nameLimit) {
      const message = `"${group.name}" is too long for a group of ${group.count}: its last node would be "${longest}", ${longest.length} characters, where Linux allows ${nameLimit} for an interface`;
      problem(['nodes', group.name], message, undefined, 'key');
    }
    for (const name of names) {
      const owner = taken.get(name);
      if (owner === undefined) taken.set(name, `a node of the group "${group.name}"`);
      else
        problem(
          ['nodes', group.name, 'count'],
          `the ${group.count} nodes of "${group.name}" include "${name}", but that name is taken by ${owner}`,
        );
    }
  }
}
