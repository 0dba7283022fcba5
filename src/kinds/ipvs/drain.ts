import type { Probe } from '../../base/until.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import { announceDevice } from '../bird/announcing.ts';
import { birdConfig } from '../bird/config.ts';
import { configure, idle, knowing, refuseFixed, unused, used } from '../bird/service.ts';
import type { Kind, LabView, NodeView, ServiceStep } from '../contract.ts';
import { readTotals } from './measures.ts';
import { askServers } from './servers.ts';

/**
 * An L4 node withdraws its VIPs and goes on serving until the last packet is through. The other L4 nodes compute the same
 * hash, so each flow keeps its L7. One that is made anew is still drained.
 */
export const drain: NonNullable<Kind['drain']> = {
  refuse: refuseFixed,

  out: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    {
      what: `no router has a way over ${node.name}`,
      act: () => configure(lab, node, speakerConfig(node, lab.plan, true)),
      verify: () => unused(lab, node),
    },
    {
      what: `${node.name} balances nothing any more`,
      verify: idle('packets balanced', async () => (await readTotals(lab.view(node))).packets),
    },
  ],

  back: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    { what: `${node.name} has the servers that the others have`, verify: () => agreeing(lab, node) },
    { what: `${node.name} knows its routers`, verify: () => knowing(lab.view(node)) },
    {
      what: `every router has a way over ${node.name} again`,
      act: () => configure(lab, node, speakerConfig(node, lab.plan)),
      verify: () => used(lab, node),
    },
  ],
};

/** The text of an L4 node's `bird.conf`. */
export function speakerConfig(node: PlannedNode, plan: Plan, drained = false): string {
  return birdConfig(node, plan, {
    interfaces: [announceDevice],
    staticRoutes: false,
    transit: false,
    drained,
  });
}

/**
 * Every server that has a weight on another L4 node has one here: with fewer the hash would send flows elsewhere. One that
 * was started anew has to check them first.
 */
async function agreeing(lab: LabView, node: PlannedNode): Promise<Probe> {
  const own = await weighed(lab.view(node));
  const others = lab.plan.nodes.filter(({ name, group }) => group === node.group && name !== node.name);
  const theirs = await Promise.all(
    others.map(async (other) => ((await lab.alive(other)) ? weighed(lab.view(other)) : [])),
  );
  const missing = [...new Set(theirs.flat())].filter((server) => !own.includes(server));
  const ok = own.length > 0 && missing.length === 0;
  return {
    ok,
    saw: ok ? `${own.length} servers` : `no weight yet for ${missing.join(', ') || 'any server'}`,
  };
}

const weighed = async (view: NodeView): Promise<string[]> =>
  (await askServers(view))
    .filter(({ weight }) => weight > 0)
    .map(({ service, address }) => `${address} (${service})`);
