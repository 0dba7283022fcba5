import { z } from 'zod';
import { until } from '../base/until.ts';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault } from './contract.ts';
import { routingOf } from './routing.ts';

/** A node announces its VIPs no longer (who is first behind the routers) or passes them on no longer (a router). It serves what still comes. */
export const vipWithdraw = defineFault({
  traits: {
    name: 'vip.withdraw',
    summary:
      'an L4 node, an L7 node without L4 nodes before it, or a router withdraws the VIPs from its BGP peers; heal announces them again',
    target: 'node',
    kinds: ['ipvs', 'haproxy', 'bird'],
    options: z.strictObject({}),
    refuse: ({ name, kind, announces }) =>
      announces || kind === 'bird'
        ? undefined
        : { key: 'target', message: `${name} announces no VIP: L4 nodes before it do` },
  },

  async inject(lab, { node }) {
    const before = await routingOf(lab, node).announcedVips(lab.view(node));
    if (before.length === 0) return { landed: false, evidence: `${node.name} announced no VIP before` };
    await setVips(lab, node, false);
    await announces(lab, node, false);
    return { landed: true, evidence: `${node.name} announces no VIP any more; before: ${before.join(', ')}` };
  },

  async heal(lab, { node }) {
    await setVips(lab, node, true);
    return { landed: true, evidence: `${node.name} announces ${await announces(lab, node, true)}` };
  },
});

async function setVips(lab: LiveLab, node: PlannedNode, announced: boolean): Promise<void> {
  await routingOf(lab, node).setVips(lab.view(node), announced);
  await routingOf(lab, node).reconfigure(lab.view(node));
}

async function announces(lab: LiveLab, node: PlannedNode, wanted: boolean): Promise<string> {
  const { saw } = await until(
    async () => {
      const vips = await routingOf(lab, node).announcedVips(lab.view(node));
      return { ok: vips.length > 0 === wanted, saw: vips.join(', ') || 'none' };
    },
    { why: `${node.name} to ${wanted ? 'announce' : 'withdraw'} its VIPs`, withinMs: 5000, everyMs: 30 },
  );
  return saw;
}
