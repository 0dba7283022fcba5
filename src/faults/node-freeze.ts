import { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { networksOf } from './cables.ts';
import type { Fault, Landed } from './contract.ts';
import { settlePorts } from './standing-ports.ts';

/**
 * A node hangs: its daemons are stopped (SIGSTOP) and its switch ports pass nothing any more, but the links stay up and
 * nothing is closed: the neighbours learn it from silence alone. (Stopping the daemons would not be enough: the kernel
 * of a balancer goes on forwarding without them.)
 */
export const nodeFreeze: Fault = {
  traits: {
    name: 'node.freeze',
    summary: 'the node hangs: daemons stopped, links up, nothing passes',
    target: 'node',
    options: z.strictObject({}),
  },

  async inject(lab, { node }) {
    const pids = await daemonPids(lab, node);
    const stop = pids.length === 0 ? '' : `kill -STOP ${pids.join(' ')}`;
    const settled = await settle(lab, node, false, stop);
    await lab.kindOf(node).shared?.control(lab.view(node), 'freeze');
    return look(lab, node, 'stopped', 'frozen', settled);
  },

  async heal(lab, { node }) {
    const pids = await daemonPids(lab, node);
    const go = pids.length === 0 ? '' : `kill -CONT ${pids.join(' ')}`;
    const settled = await settle(lab, node, true, go);
    await lab.kindOf(node).shared?.control(lab.view(node), 'thaw');
    return look(lab, node, 'running', 'serving', settled);
  },
};

const settle = (lab: LiveLab, node: PlannedNode, isHealed: boolean, script: string): Settled =>
  settlePorts(lab, node, networksOf(node), { fault: 'node.freeze', isHealed, script });

type Settled = ReturnType<typeof settlePorts>;

async function daemonPids(lab: LiveLab, node: PlannedNode): Promise<number[]> {
  return (await lab.daemons(node)).flatMap(({ pid, shared, state }) =>
    pid === undefined || shared || state === 'dead' ? [] : [pid],
  );
}

async function look(
  lab: LiveLab,
  node: PlannedNode,
  daemonState: string,
  sharedState: string,
  { ok, ports }: Awaited<Settled>,
): Promise<Landed> {
  const own = (await lab.daemons(node)).filter(({ shared }) => !shared);
  const shared = await lab.kindOf(node).shared?.state(lab.view(node));
  return {
    landed:
      own.every(({ state }) => state === daemonState) &&
      (shared === undefined || shared === sharedState) &&
      ok,
    evidence: [
      ...own.map(({ name, state }) => `${name} ${state}`),
      ...(shared === undefined ? [] : [`backend ${shared}`]),
      `ports ${ports.join(', ')}`,
    ].join('; '),
  };
}
