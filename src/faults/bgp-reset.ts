import { z } from 'zod';
import { defineFault } from './contract.ts';
import { nodeField } from './fields.ts';
import { describe, kindsWithBgp, peersOf, refusePeer, routingOf, sessionsBecome } from './routing.ts';

/** BGP sessions end (a Cease notification) and begin anew: routes go, and come back when they are established. */
export const bgpReset = defineFault({
  traits: {
    name: 'bgp.reset',
    summary: 'BGP sessions of a node end and begin anew',
    target: 'node',
    kinds: kindsWithBgp,
    options: z.strictObject({
      peer: nodeField('Only sessions with this node or group. Default: all.').optional(),
    }),
    refuse: (node, { peer }, plan) => refusePeer(plan, node, peer),
  },

  async inject(lab, { node }, { peer }) {
    const peers = peersOf(lab.plan, node, peer);
    const all = await routingOf(lab, node).restart(lab.view(node), peers);
    const sessions = all.filter((session) => peers.includes(session.peer));
    return {
      landed: sessions.length > 0 && sessions.every(({ established }) => !established),
      evidence: describe(node, sessions),
    };
  },

  async heal(lab, { node }, { peer }) {
    const why = `the BGP sessions of ${node.name} to be established again`;
    const peers = peersOf(lab.plan, node, peer);
    const wanted = { why, withinMs: 15_000 };
    return {
      landed: true,
      evidence: await sessionsBecome(lab, node, peers, ({ established }) => established, wanted),
    };
  },
});
