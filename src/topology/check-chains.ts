import type { Check } from './check.ts';
import type { NodeGroup } from './types.ts';

/** Every service must be served, and be passed on until it reaches nodes that answer it. */
export function checkChains(check: Check): void {
  const { topology, problem } = check;
  for (const { name, scheduler } of topology.services) {
    const served = topology.nodes.some(({ serves }) => serves.includes(name));
    if (!served)
      problem(
        ['services', name],
        `nobody serves "${name}"`,
        `add serves: [${name}] to the balancers that shall take it`,
        'key',
      );
    if (scheduler !== undefined && served && !topology.nodes.some((group) => chooses(check, group, name)))
      problem(
        ['services', name, 'scheduler'],
        `"${name}" has a scheduler, but no L4 node serves it: there is nothing to choose`,
      );
  }
  for (const group of topology.nodes) {
    checkLink(check, group);
    checkLoop(check, group);
  }
}

const chooses = ({ kinds }: Check, { kind, serves }: NodeGroup, service: string): boolean =>
  serves.includes(service) && kinds[kind]?.options.shape.scheduler !== undefined;

function checkLink({ kinds, groups, problem }: Check, { name, kind, to, serves }: NodeGroup): void {
  const keys = kinds[kind]?.keys ?? {};
  if (to === undefined) {
    if (serves.length > 0 && keys.to !== undefined) {
      problem(
        ['nodes', name],
        `"${name}" serves ${serves.join(', ')} but passes it on to nobody`,
        'add to: and the group that shall get it',
        'key',
      );
    }
    return;
  }
  if (serves.length === 0) {
    problem(
      ['nodes', name],
      `"${name}" passes on to "${to}" but serves nothing`,
      'add serves: and the services that it shall take',
      'key',
    );
  }
  const target = groups.get(to);
  if (target === undefined || kinds[target.kind]?.keys.serves === undefined) return;
  const lost = serves.filter((service) => !target.serves.includes(service));
  if (lost.length === 0) return;
  problem(
    ['nodes', name, 'to'],
    `"${name}" passes ${lost.join(', ')} on to "${to}", which does not serve it`,
    `add it to the list serves of ${to}`,
  );
}

/** Noted once for each loop, at its first group in the file. */
function checkLoop({ groups, topology, problem }: Check, start: NodeGroup): void {
  const way = [start.name];
  for (let next = groups.get(start.to ?? ''); next !== undefined; next = groups.get(next.to ?? '')) {
    if (next.name === start.name) {
      const first = topology.nodes.find(({ name }) => way.includes(name));
      if (first === start && way.length > 1)
        problem(
          ['nodes', start.name, 'to'],
          `services go round in a circle: ${[...way, start.name].join(' → ')}`,
        );
      return;
    }
    if (way.includes(next.name)) return;
    way.push(next.name);
  }
}
