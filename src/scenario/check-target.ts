/** Whether what an entry hits is there and can be hit. */
import { suggest } from '../base/suggest.ts';
import { type NodeGroup, nodeNames } from '../topology/index.ts';
import type { Check } from './check.ts';
import type { FaultTraits } from './types.ts';

/** What a drain can hit, in the words of a fault. */
export function drainTraits({ kinds }: Pick<Check, 'kinds'>): Omit<FaultTraits, 'options'> {
  const able = Object.values(kinds).filter(({ drains }) => drains === true);
  return { name: 'drain', summary: '', target: 'node', kinds: able.map(({ name }) => name) };
}

export function checkTarget(
  check: Pick<Check, 'topology' | 'problem'>,
  path: readonly PropertyKey[],
  fault: Omit<FaultTraits, 'options'>,
  target: string,
): void {
  const { topology, problem } = check;
  const [name = '', network, ...rest] = target.split(':');
  const group = topology.nodes.find(
    (candidate) => candidate.name === name || nodeNames(candidate).includes(name),
  );
  if (group === undefined) {
    const all = topology.nodes.flatMap((each) => [...new Set([each.name, ...nodeNames(each)])]);
    // In a large lab the groups say enough.
    const known = all.length <= 30 ? all : topology.nodes.map((each) => each.name);
    problem(path, `unknown node "${name}"`, suggest(name, known, 'known nodes and groups'));
    return;
  }
  if (fault.kinds !== undefined && !fault.kinds.includes(group.kind)) {
    problem(
      path,
      `${fault.name} cannot hit "${name}", which is of kind ${group.kind}`,
      `kinds that can have it: ${fault.kinds.join(', ')}`,
    );
  }
  if (fault.target === 'node') {
    if (network !== undefined) problem(path, `${fault.name} hits a node, not a cable`, `write ${name}`);
    return;
  }
  checkCable(check, path, fault, group, name, rest.length > 0 ? target.slice(name.length + 1) : network);
}

function checkCable(
  { topology, problem }: Pick<Check, 'topology' | 'problem'>,
  path: readonly PropertyKey[],
  fault: Omit<FaultTraits, 'options'>,
  group: NodeGroup,
  name: string,
  network: string | undefined,
): void {
  const cables = group.networks.map((each) => `${name}:${each}`).join(', ');
  if (network === undefined || network === '') {
    problem(path, `${fault.name} hits a cable: say on which network`, `cables of "${name}": ${cables}`);
  } else if (!topology.networks.some((known) => known.name === network)) {
    problem(path, `unknown network "${network}"`, suggest(network, group.networks, `networks of "${name}"`));
  } else if (!group.networks.includes(network)) {
    problem(path, `"${name}" is not on the network "${network}"`, `cables of "${name}": ${cables}`);
  }
}
