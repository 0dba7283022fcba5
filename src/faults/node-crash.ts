import { z } from 'zod';
import { type Probe, until } from '../base/until.ts';
import { type LiveLab, netnsName, netnsPath, plumbNode, removeCables } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { networksOf, type PortState, portStates, setPorts } from './cables.ts';
import type { Fault, Landed } from './contract.ts';
import { knownLast, makeKnown } from './known-last.ts';

/**
 * A node dies: its cables go first, so that no packet (FIN, RST, BGP notification) says goodbye, then its daemons are
 * killed and its namespace is removed with all that the kernel kept in it: connection tables, routes, addresses. (That
 * takes the kernel a while where sockets of the dead still try to send; the name is free at once.) Healing makes the node
 * anew, as a machine that boots. Where one process serves all nodes of a kind, that process drops the node's connections
 * and the namespace stays.
 */
export const nodeCrash: Fault = {
  traits: {
    name: 'node.crash',
    summary: 'the node dies silently: cables gone, daemons killed, its memory gone',
    target: 'node',
    options: z.strictObject({}),
  },

  startsAnew: 'heal',

  inject: (lab, { node }) =>
    lab.kindOf(node).shared === undefined ? crash(lab, node) : crashShared(lab, node),

  async heal(lab, { node }) {
    if (lab.kindOf(node).shared !== undefined) return reviveShared(lab, node);
    const whole = await ifWhole(lab, node);
    if (whole === undefined) return knownLast(lab, node, () => revive(lab, node));
    await makeKnown(lab, node);
    return whole;
  },
};

/** Whoever was to crash it may have been killed before it came to that: then there is nothing to make anew. */
async function ifWhole(lab: LiveLab, node: PlannedNode): Promise<Landed | undefined> {
  const daemons = await lab.daemons(node);
  if (daemons.some(({ state }) => state !== 'running')) return undefined;
  const found = await lookAt(lab, node);
  return found.landed ? found : undefined;
}

async function crash(lab: LiveLab, node: PlannedNode): Promise<Landed> {
  const namespace = netnsName(lab.paths, node.name);
  const pids = await processesIn(lab, namespace);
  // One may have ended by itself meanwhile; below is looked who is left.
  const kill = pids.length === 0 ? [] : [`kill -KILL ${pids.join(' ')} || true`];
  const steps = ['set -e', removeCables(lab.paths, node.name), ...kill, `ip netns del ${namespace}`];
  await lab.script(`crashing ${node.name}`, steps.join('\n'));
  const { saw } = await untilDead(lab, node, pids);
  const ports = await portStates(lab, node, networksOf(node));
  return {
    landed: ports.every((port) => port === 'gone'),
    evidence: `${saw}, cables ${ports.join(', ')}`,
  };
}

/** Who was killed ends when the processor comes to it, which a full one may do a moment later. */
const untilDead = (lab: LiveLab, node: PlannedNode, pids: readonly number[]): Promise<Probe> =>
  until(
    async () => {
      const states = await Promise.all(pids.map((pid) => lab.processState(pid)));
      const dead = states.filter((state) => state === 'dead').length;
      return { ok: dead === pids.length, saw: `${dead} of ${pids.length} processes killed` };
    },
    { withinMs: 5000, why: `the processes of ${node.name} to end`, everyMs: 20 },
  );

async function revive(lab: LiveLab, node: PlannedNode): Promise<Landed> {
  await lab.script(`clearing away what is left of ${node.name}`, clearAway(lab, node));
  const { argv, input } = plumbNode(node, lab.plan, lab.paths, lab.options);
  await lab.step(`reviving ${node.name}`, argv, { input });
  return lookAt(lab, node);
}

/** Of one whose crash or boot was cut short there is still a namespace; it goes last when a node dies, and comes first. */
function clearAway(lab: LiveLab, node: PlannedNode): string {
  const namespace = netnsName(lab.paths, node.name);
  return [
    `[ -e ${netnsPath(lab.paths, node.name)} ] || exit 0`,
    `${removeCables(lab.paths, node.name)} 2>/dev/null || :`,
    `kill -KILL $(ip netns pids ${namespace}) 2>/dev/null || :`,
    `ip netns del ${namespace}`,
  ].join('\n');
}

async function lookAt(lab: LiveLab, node: PlannedNode): Promise<Landed> {
  const daemons = await lab.daemons(node);
  const ports = await portStates(lab, node, networksOf(node));
  return {
    landed: daemons.every(({ state }) => state === 'running') && ports.every((port) => port === 'up'),
    evidence: `${daemons.map(({ name, state }) => `${name} ${state}`).join(', ')}, cables ${ports.join(', ')}`,
  };
}

async function crashShared(lab: LiveLab, node: PlannedNode): Promise<Landed> {
  await lab.script(`crashing ${node.name}`, setPorts(lab, node, networksOf(node), 'down'));
  await lab.kindOf(node).shared?.control(lab.view(node), 'crash');
  return lookAtShared(lab, node, 'crashed', 'down');
}

async function reviveShared(lab: LiveLab, node: PlannedNode): Promise<Landed> {
  await lab.script(`reviving ${node.name}`, setPorts(lab, node, networksOf(node), 'up'));
  await lab.kindOf(node).shared?.control(lab.view(node), 'revive');
  return lookAtShared(lab, node, 'serving', 'up');
}

async function lookAtShared(
  lab: LiveLab,
  node: PlannedNode,
  wanted: string,
  wantedPort: PortState,
): Promise<Landed> {
  const state = await lab.kindOf(node).shared?.state(lab.view(node));
  const ports = await portStates(lab, node, networksOf(node));
  return {
    landed: state === wanted && ports.every((port) => port === wantedPort),
    evidence: `it is ${state}, cables ${ports.join(', ')}`,
  };
}

/** Every process in a namespace, daemons and their children: what a power cut would end. */
async function processesIn(lab: LiveLab, namespace: string): Promise<number[]> {
  const { stdout } = await lab.host.exec(['ip', 'netns', 'pids', namespace]);
  return stdout
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}
