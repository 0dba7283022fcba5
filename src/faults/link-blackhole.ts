import { z } from 'zod';
import { defineFault } from './contract.ts';
import {
  addDrops,
  type Direction,
  type DropRule,
  directionField,
  filterModules,
  lookAtDrops,
  removeDrops,
} from './traffic-control.ts';

/** A cable swallows packets, both ways or one way only. Nobody is told: the carrier stays. */
export const linkBlackhole = defineFault({
  traits: {
    name: 'link.blackhole',
    summary: 'a cable swallows all packets, or only those of one direction; the carrier stays',
    target: 'link',
    modules: filterModules,
    options: z.strictObject({ direction: directionField }),
  },

  isRenewed: true,

  async inject(lab, { node, network = '' }, { direction }) {
    const rules = rulesOf(node.name, network, direction);
    await addDrops(lab, rules);
    const { there } = await lookAtDrops(lab, rules);
    return { landed: there === rules.length, evidence: `packets ${direction} are dropped: ${there} filters` };
  },

  async heal(lab, { node, network = '' }, { direction }) {
    const rules = rulesOf(node.name, network, direction);
    const { dropped } = await lookAtDrops(lab, rules);
    await removeDrops(lab, rules);
    const { there } = await lookAtDrops(lab, rules);
    return { landed: there === 0, evidence: `${dropped} packets were dropped, ${there} filters are left` };
  },
});

function rulesOf(node: string, network: string, direction: Direction): DropRule[] {
  const all = (['to-node', 'from-node'] as const).filter(
    (each) => direction === 'both' || direction === each,
  );
  return all.map((each) => ({ network, node, direction: each, preference: 10 }));
}
