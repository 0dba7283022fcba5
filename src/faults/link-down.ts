import { z } from 'zod';
import { portStates, setPorts } from './cables.ts';
import type { Fault } from './contract.ts';

/** A cable is pulled: the node loses its carrier, its daemons go on. */
export const linkDown: Fault = {
  traits: {
    name: 'link.down',
    summary: 'a cable is pulled: the node loses the carrier on that network',
    target: 'link',
    options: z.strictObject({}),
  },

  isRenewed: true,

  async inject(lab, { node, network = '' }) {
    await lab.script(`pulling the cable of ${node.name}`, setPorts(lab, node, [network], 'down'));
    const [port] = await portStates(lab, node, [network]);
    return { landed: port === 'down', evidence: `port ${node.name} on ${network} is ${port}` };
  },

  async heal(lab, { node, network = '' }) {
    await lab.script(`plugging in the cable of ${node.name}`, setPorts(lab, node, [network], 'up'));
    const [port] = await portStates(lab, node, [network]);
    return { landed: port === 'up', evidence: `port ${node.name} on ${network} is ${port}` };
  },
};
