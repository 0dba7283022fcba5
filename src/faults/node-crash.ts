import { z } from 'zod';
import { type LiveLab, netnsName, plumbNode } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { networksOf, portStates, setPorts } from './cables.ts';
import type { Fault } from './contract.ts';

/**
 * A node dies: its cables go dead first, so that no packet (FIN, RST, BGP notification) says goodbye, then its daemons
 * are killed and its namespace is removed with all that the kernel kept in it: connection tables, routes, addresses.
 * Healing makes the node anew, as a machine that boots. Where one process serves all nodes of a kind, that process
 * drops the node's connections and the namespace stays.
 */
export const nodeCrash: Fault = {
  traits: {
    name: 'node.crash',
    summary: 'the node dies silently: cables dead, daemons killed, its memory gone',
    target: 'node',
    options: z.strictObject({}),
  },

  async inject(lab, { node }) {
    const shared = lab.kindOf(node).shared;
    const pids = await ownPids(lab, node);
    await lab.script(
      `crashing ${node.name}`,
      [
        setPorts(lab, node, networksOf(node), 'down'),
        ...(pids.length === 0 ? [] : [`kill -KILL ${pids.join(' ')}`]),
        ...(shared === undefined ? [`ip netns del ${netnsName(lab.paths, node.name)}`] : []),
      ].join('\n'),
    );
    if (shared !== undefined) {
      await shared.control(lab.view(node), 'crash');
      const state = await shared.state(lab.view(node));
      const ports = await portStates(lab, node, networksOf(node));
      return {
        landed: state === 'crashed' && ports.every((port) => port === 'down'),
        evidence: `backend ${state}, ports ${ports.join(', ')}`,
      };
    }
    const alive = await Promise.all(pids.map((pid) => lab.processState(pid)));
    const namespace = await namespaceExists(lab, node);
    return {
      landed: alive.every((state) => state === 'dead') && !namespace,
      evidence: `${pids.length} processes killed (${alive.filter((state) => state !== 'dead').length} left), namespace ${namespace ? 'still there' : 'gone'}`,
    };
  },

  async heal(lab, { node }) {
    const shared = lab.kindOf(node).shared;
    if (shared === undefined) {
      await lab.script(`reviving ${node.name}`, plumbNode(node, lab.plan, lab.paths, lab.options));
    } else {
      await lab.script(`reviving ${node.name}`, setPorts(lab, node, networksOf(node), 'up'));
      await shared.control(lab.view(node), 'revive');
    }
    const daemons = await lab.daemons(node);
    const ports = await portStates(lab, node, networksOf(node));
    return {
      landed: daemons.every(({ state }) => state === 'running') && ports.every((port) => port === 'up'),
      evidence: `daemons ${daemons.map(({ name, state }) => `${name} ${state}`).join(', ')}; ports ${ports.join(', ')}`,
    };
  },
};

/** Every process in the node's namespace, daemons and their children: what a power cut would end. */
async function ownPids(lab: LiveLab, node: PlannedNode): Promise<number[]> {
  const { stdout } = await lab.host.exec(['ip', 'netns', 'pids', netnsName(lab.paths, node.name)]);
  return stdout
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

async function namespaceExists(lab: LiveLab, node: PlannedNode): Promise<boolean> {
  const { exitCode } = await lab.host.exec(['test', '-e', `/run/netns/${netnsName(lab.paths, node.name)}`]);
  return exitCode === 0;
}
