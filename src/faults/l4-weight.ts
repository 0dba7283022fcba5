import { z } from 'zod';
import { until } from '../base/until.ts';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { balancingOf, kindsThatBalance, refuseServer, serversOf } from './balancing.ts';
import { defineFault, type Landed } from './contract.ts';
import { nodeField } from './fields.ts';
import { chosen } from './nodes.ts';

/** A server gets another share of the flows on an L4 node. On one node alone, the L4 nodes disagree from then on. */
export const l4Weight = defineFault({
  traits: {
    name: 'l4.weight',
    summary: 'an L4 node gives a server another weight (0: no new flows)',
    target: 'node',
    kinds: kindsThatBalance,
    options: z.strictObject({
      server: nodeField('An L7 node, or their group.'),
      weight: z.int().min(0).max(255).meta({ description: 'All have 1 before.' }),
    }),
    refuse: (node, { server }, plan) => refuseServer(plan, node, 'server', server),
  },

  isForNewcomers: true,

  inject: (lab, { node }, { server, weight }) => setWeight(lab, node, server, weight),

  heal: (lab, { node }, { server }) => setWeight(lab, node, server, 1),
});

async function setWeight(lab: LiveLab, node: PlannedNode, name: string, weight: number): Promise<Landed> {
  const balancing = balancingOf(lab, node);
  const view = lab.view(node);
  const servers = chosen(lab.plan, name, serversOf(node));
  for (const server of servers) await balancing.setWeight(view, server, weight);
  const { saw } = await until(
    async () => {
      const own = (await balancing.servers(view)).filter(({ server }) => servers.includes(server));
      return {
        ok: own.length > 0 && own.every((each) => each.weight === weight),
        saw: own.map((each) => `${each.server} has weight ${each.weight} for ${each.service}`).join(', '),
      };
    },
    { why: `weight ${weight} of ${name} on ${node.name}`, withinMs: 5000, everyMs: 50 },
  );
  return { landed: true, evidence: `on ${node.name} ${saw}` };
}
