import { suggest } from '../base/suggest.ts';
import { formatDuration } from '../base/units.ts';
import { type NodeGroup, nodeNames, planTopology } from '../topology/index.ts';
import { type Check, entryName } from './check.ts';
import { refuseFault } from './check-fault.ts';
import type { FaultTraits } from './types.ts';

/** Everything on the timeline is within the run, hits something that is there and can be hit, and heals what broke before. */
export function checkTimeline(check: Check): void {
  const { written, faults, problem } = check;
  const { timeline, duration } = written;
  const names = new Map<string, number>();
  const plan = planTopology(check.topology, check.kinds);
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
    if (item.fault === undefined) {
      if (item.action === 'drain') checkTarget(check, [...path, 'target'], drainTraits(check), item.target);
      continue;
    }
    const traits = faults[item.fault];
    if (traits === undefined) continue;
    checkTarget(check, [...path, 'target'], traits, item.target);
    const { at: _, name: __, fault: ___, target, ...options } = item;
    const refusal = refuseFault(traits, target, options, plan);
    if (refusal !== undefined) problem([...path, refusal.key], refusal.message, refusal.hint);
  }
  checkUndoing(check, 'heal');
  checkUndoing(check, 'undrain');
}

/** What a drain can hit, in the words of a fault. */
export function drainTraits({ kinds }: Pick<Check, 'kinds'>): Omit<FaultTraits, 'options'> {
  const able = Object.values(kinds).filter(({ drains }) => drains === true);
  return { name: 'drain', summary: '', target: 'node', kinds: able.map(({ name }) => name) };
}

/** What a heal or an undrain undoes is there, happened before, and is undone once. */
function checkUndoing({ written: { timeline }, problem }: Check, action: 'heal' | 'undrain'): void {
  const [what, done] = action === 'heal' ? ['fault', 'healed'] : ['drain', 'undrained'];
  const causes = timeline.filter((item) =>
    action === 'heal' ? item.fault !== undefined : item.fault === undefined && item.action === 'drain',
  );
  const undone = new Set<string>();
  for (const [i, item] of timeline.entries()) {
    if (item.fault !== undefined || item.action !== action) continue;
    const path = ['timeline', i, 'of'];
    const cause = causes.find((other) => entryName(other) === item.of);
    if (cause === undefined) {
      const known = causes.map(entryName);
      problem(
        path,
        `there is no ${what} "${item.of}" to ${action}`,
        suggest(item.of, known, `${what}s of this timeline`),
      );
    } else if (cause.at > item.at) {
      problem(
        path,
        `"${item.of}" is ${done} at ${formatDuration(item.at)}, before it happens at ${formatDuration(cause.at)}`,
      );
    } else if (undone.has(item.of)) problem(path, `"${item.of}" is ${done} twice`);
    undone.add(item.of);
  }
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
