import { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { balancingOf, kindsThatBalance, refuseServer, serversOf } from './balancing.ts';
import { defineFault, type Landed } from './contract.ts';
import { nodeField } from './fields.ts';

/**
 * An L4 node has its servers in another order than the others: its hash table differs from theirs. Flows that it knows
 * keep their servers. keepalived knows of no order, so its checks leave it as it is.
 */
export const l4Order = defineFault({
  traits: {
    name: 'l4.order',
    summary: 'an L4 node has added its servers in another order: its hash table differs',
    target: 'node',
    kinds: kindsThatBalance,
    options: z.strictObject({
      order: z
        .union([z.literal('reverse'), z.array(nodeField('')).min(1)], {
          error: 'must be reverse, or a list of servers',
        })
        .default('reverse')
        .meta({ description: 'reverse, or the servers that come first.' }),
    }),
    refuse(node, { order }, plan) {
      if (order === 'reverse') return undefined;
      const wrong = order.map((server) => refuseServer(plan, node, 'order', server));
      return wrong.find((each) => each !== undefined);
    },
  },

  isRenewed: true,
  lostWith: 'keepalived',
  isForNewcomers: true,

  inject(lab, { node }, { order }) {
    const planned = serversOf(node);
    const first = order === 'reverse' ? planned.toReversed() : order;
    return reorder(lab, node, [...first, ...planned.filter((server) => !first.includes(server))]);
  },

  heal: (lab, { node }) => reorder(lab, node, serversOf(node)),
});

async function reorder(lab: LiveLab, node: PlannedNode, order: readonly string[]): Promise<Landed> {
  const view = lab.view(node);
  await balancingOf(lab, node).reorder(view, order);
  const servers = await balancingOf(lab, node).servers(view);
  const vips = [...new Set(servers.map(({ vip }) => vip))];
  const orders = vips.map((own) => servers.filter(({ vip }) => vip === own).map(({ server }) => server));
  return {
    landed: orders.length > 0 && orders.every((each) => each.join() === order.join()),
    evidence: `${node.name} has added ${orders.map((each) => each.join(', ')).join('; ')}`,
  };
}
