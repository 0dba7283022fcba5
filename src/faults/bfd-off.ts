import { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault } from './contract.ts';
import { nodeField } from './fields.ts';
import { kindsWithBgp, peersOf, refusePeer, routingOf, sessionsBecome } from './routing.ts';

/**
 * BFD no longer watches BGP sessions; they stay up. From then on only the hold time finds out that a neighbour is dead. Both
 * sides are told at once: one that stops alone is taken for dead by the other.
 */
export const bfdOff = defineFault({
  traits: {
    name: 'bfd.off',
    summary: 'BGP sessions of a node are not watched by BFD any more: only the hold time finds the dead',
    target: 'node',
    kinds: kindsWithBgp,
    options: z.strictObject({
      peer: nodeField('Only sessions with this node or group. Default: all.').optional(),
    }),
    refuse: (node, { peer }, plan) => refusePeer(plan, node, peer),
  },

  async inject(lab, { node }, { peer }) {
    const peers = peersOf(lab.plan, node, peer);
    await setBfd(lab, node, peers, false);
    const wanted = { why: `BFD of ${node.name} to be off`, withinMs: 5000 };
    const saw = await sessionsBecome(lab, node, peers, ({ watched }) => !watched, wanted);
    const sessions = await routingOf(lab, node).sessions(lab.view(node));
    const isUp = sessions.every((session) => !peers.includes(session.peer) || session.established);
    return { landed: isUp, evidence: saw };
  },

  async heal(lab, { node }, { peer }) {
    const peers = peersOf(lab.plan, node, peer);
    await setBfd(lab, node, peers, true);
    const alive = await running(lab, peers);
    const wanted = { why: `BFD of ${node.name} to be up`, withinMs: 15_000 };
    return {
      landed: true,
      evidence: await sessionsBecome(lab, node, alive, ({ watched }) => watched, wanted),
    };
  },
});

/** Two such faults may change the same neighbour's configuration: one after the other. */
function setBfd(lab: LiveLab, node: PlannedNode, peers: readonly string[], on: boolean): Promise<void> {
  return lab.alone(async () => {
    const neighbours = (await running(lab, peers)).map((name) => lab.node(name));
    await Promise.all([
      routingOf(lab, node).setBfd(lab.view(node), peers, on),
      ...neighbours.map((each) => routingOf(lab, each).setBfd(lab.view(each), [node.name], on)),
    ]);
    const all = [node, ...neighbours];
    await Promise.all(all.map((each) => routingOf(lab, each).reconfigure(lab.view(each))));
  });
}

/** A dead neighbour has nothing to say; when it comes back it finds its configuration as it was. */
async function running(lab: LiveLab, peers: readonly string[]): Promise<string[]> {
  const states = await Promise.all(
    peers.map(async (peer) => (await lab.daemons(lab.node(peer))).find(({ name }) => name === 'bird')?.state),
  );
  return peers.filter((_, i) => states[i] === 'running');
}
