import { suggest } from '../base/suggest.ts';
import { formatDuration } from '../base/units.ts';
import { type NodeGroup, nodeNames } from '../topology/index.ts';
import { type Check, entryName } from './check.ts';
import type { FaultTraits } from './types.ts';

/** Everything on the timeline is within the run, hits something that is there and can be hit, and heals what broke before. */
export function checkTimeline(check: Check): void {
  const { written, faults, problem } = check;
  const { timeline, duration } = written;
  const names = new Map<string, number>();
  for (const [i, item] of timeline.entries()) {
    const path = ['timeline', i];
    if (item.at > duration) {
      problem(
        [...path, 'at'],
        `${formatDuration(item.at)} is after the end of the run: duration is ${formatDuration(duration)}`,
      );
    }
    const name = entryName(item);
    if (names.has(name)) {
      const hint = item.name === undefined ? 'give each a name' : undefined;
      problem([...path, 'name'], `the name "${name}" is taken by another entry of the timeline`, hint);
    } else names.set(name, i);
    const traits = item.fault === undefined ? undefined : faults[item.fault];
    if (item.fault !== undefined && traits !== undefined)
      checkTarget(check, [...path, 'target'], traits, item.target);
  }
  checkHeals(check);
}

function checkHeals({ written: { timeline }, problem }: Check): void {
  const healed = new Map<string, number>();
  for (const [i, item] of timeline.entries()) {
    if (item.fault !== undefined) continue;
    const path = ['timeline', i, 'of'];
    const broken = timeline.filter((other) => other.fault !== undefined);
    const fault = broken.find((other) => entryName(other) === item.of);
    if (fault === undefined) {
      const known = broken.map(entryName);
      problem(
        path,
        `there is no fault "${item.of}" to heal`,
        suggest(item.of, known, 'faults of this timeline'),
      );
    } else if (fault.at > item.at) {
      problem(
        path,
        `"${item.of}" is healed at ${formatDuration(item.at)}, before it happens at ${formatDuration(fault.at)}`,
      );
    } else if (healed.has(item.of)) problem(path, `"${item.of}" is healed twice`);
    healed.set(item.of, i);
  }
}

function checkTarget(check: Check, path: readonly PropertyKey[], fault: FaultTraits, target: string): void {
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
  { topology, problem }: Check,
  path: readonly PropertyKey[],
  fault: FaultTraits,
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
