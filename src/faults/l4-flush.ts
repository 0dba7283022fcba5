import { z } from 'zod';
import { balancingOf, kindsThatBalance, serversOf } from './balancing.ts';
import { defineFault } from './contract.ts';
import { addDrops, type DropRule, filterModules, removeDrops } from './traffic-control.ts';

/**
 * An L4 node forgets all flows. Which server each gets next is up to its hash, and whether it may to sloppy_tcp. For a moment it
 * has no servers; what comes then is lost, and nobody is told (ICMP), as if it had come before or after.
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
    const rules = node.interfaces.map(
      ({ network }): DropRule => ({
        network,
        node: node.name,
        direction: 'from-node',
        only: 'port-unreachable',
        preference: 5,
      }),
    );
    await addDrops(lab, rules);
    const flushed = balancingOf(lab, node).flush(lab.view(node));
    const { before, after } = await flushed.finally(() => removeDrops(lab, rules));
    return { landed: after === 0, evidence: `${node.name} knew ${before} flows, then ${after}` };
  },

  async heal(lab, { node }) {
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
