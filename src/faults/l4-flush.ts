import { z } from 'zod';
import { balancingOf, kindsThatBalance, serversOf } from './balancing.ts';
import { defineFault } from './contract.ts';

/** An L4 node forgets all flows. Which server each gets next is up to its hash, and whether it may to sloppy_tcp. */
export const l4Flush = defineFault({
  traits: {
    name: 'l4.flush',
    summary: 'an L4 node forgets its connection table; nothing is left to heal',
    target: 'node',
    kinds: kindsThatBalance,
    options: z.strictObject({}),
  },

  async inject(lab, { node }) {
    const { before, after } = await balancingOf(lab, node).flush(lab.view(node));
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
