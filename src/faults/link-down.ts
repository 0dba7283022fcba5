import { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { Fault, Hit, Landed } from './contract.ts';
import { settlePorts } from './standing-ports.ts';

/** A cable is pulled: the node loses its carrier, its daemons go on. */
export const linkDown: Fault = {
  traits: {
    name: 'link.down',
    summary: 'a cable is pulled: the node loses the carrier on that network',
    target: 'link',
    options: z.strictObject({}),
  },

  isRenewed: true,

  inject: (lab, hit) => settle(lab, hit, false),
  heal: (lab, hit) => settle(lab, hit, true),
};

async function settle(lab: LiveLab, { node, network = '' }: Hit, isHealed: boolean): Promise<Landed> {
  const { ok, ports } = await settlePorts(lab, node, [network], { fault: 'link.down', isHealed });
  return { landed: ok, evidence: `port ${node.name} on ${network} is ${ports.join()}` };
}
