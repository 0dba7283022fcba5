import { z } from 'zod';
import type { PlannedNode } from '../topology/types.ts';
import { balancingOf, kindsThatBalance, serversOf } from './balancing.ts';
import { defineFault } from './contract.ts';
import { addDrops, type DropRule, filterModules, removeDrops } from './traffic-control.ts';

/**
 * An L4 node forgets all flows. Which server each gets next is up to its hash, and whether it may to sloppy_tcp. While that is
 * done the node gets no packets for its VIPs: its table is not whole for a moment, and would send flows to whatever server is in it.
 */
export const l4Flush = defineFault({
  traits: {
    name: 'l4.flush',
    summary: 'an L4 node forgets its connection table; nothing is left to heal',
    target: 'node',
    kinds: kindsThatBalance,
    modules: filterModules,
    options: z.strictObject({}),
  },

  async inject(lab, { node }) {
    const rules = rulesOf(node);
    await addDrops(lab, rules);
    const flushed = balancingOf(lab, node).flush(lab.view(node));
    const { before, after } = await flushed.finally(() => removeDrops(lab, rules));
    return { landed: after === 0, evidence: `${node.name} knew ${before} flows, then ${after}` };
  },

  async heal(lab, { node }) {
    // Of one that was cut short they are still there.
    await removeDrops(lab, rulesOf(node));
    const servers = new Set(
      (await balancingOf(lab, node).servers(lab.view(node))).map((each) => each.server),
    );
    const missing = serversOf(node).filter((server) => !servers.has(server));
    return {
      landed: missing.length === 0,
      evidence: missing.length === 0 ? `${node.name} has all its servers` : `missing: ${missing.join(', ')}`,
    };
  },
});

function rulesOf({ name: node, services, interfaces }: PlannedNode): DropRule[] {
  const vips = [...new Set(services.map(({ vip }) => vip))];
  return interfaces.flatMap(({ network }) =>
    vips.map(
      (to, i): DropRule => ({ network, node, direction: 'to-node', only: { to }, preference: 50 + i }),
    ),
  );
}
