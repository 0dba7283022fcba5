import { z } from 'zod';
import type { NextHops } from '../kinds/contract.ts';
import type { LiveLab } from '../lab/index.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';
import { nodeField } from './fields.ts';
import { chosen, refuseUnknown } from './nodes.ts';

/** Somebody takes next hops out of a router's fixed group, as one would whose network has nothing that does it for him. */
export const routerNexthop = defineFault({
  traits: {
    name: 'router.nexthop',
    summary:
      'next hops are taken out of the fixed group of a router (next_hops: static or resilient); heal adds them',
    target: 'node',
    kinds: ['bird'],
    options: z.strictObject({ remove: nodeField('A next hop of the router, or their group.') }),
    refuse(node, { remove }, plan) {
      if (node.options.next_hops === 'bgp') {
        const message = `${node.name} learns its next hops by BGP: there is no fixed group to take "${remove}" out of`;
        return { key: 'remove', message, hint: 'set next_hops: static or resilient, or use vip.withdraw' };
      }
      const known = candidates(node, plan);
      const refusal = refuseUnknown(plan, 'remove', remove, known, `next hops of ${node.name}`);
      if (refusal !== undefined || chosen(plan, remove, known).length < known.length) return refusal;
      return { key: 'remove', message: `${node.name} would be left without a next hop` };
    },
  },

  isRenewed: true,

  async inject(lab, { node }, { remove }) {
    const before = await nextHopsOf(lab, node).read(lab.view(node));
    const gone = chosen(lab.plan, remove, before);
    if (gone.length === 0)
      return { landed: false, evidence: `${remove} was no next hop of ${node.name}: ${before.join(', ')}` };
    return write(lab, node, before, (hop) => before.includes(hop) && !gone.includes(hop));
  },

  async heal(lab, { node }, { remove }) {
    const before = await nextHopsOf(lab, node).read(lab.view(node));
    const back = chosen(lab.plan, remove, candidates(node, lab.plan));
    return write(lab, node, before, (hop) => before.includes(hop) || back.includes(hop));
  },
});

/** Neighbours of the next tier. */
function candidates({ tier: own = 0, peers, reflected = [] }: PlannedNode, plan: Plan): string[] {
  const next = new Set(plan.nodes.filter(({ tier }) => tier === own + 1).map(({ name }) => name));
  return [...new Set([...peers, ...reflected].map(({ node }) => node))].filter((name) => next.has(name));
}

async function write(
  lab: LiveLab,
  node: PlannedNode,
  before: readonly string[],
  wanted: (hop: string) => boolean,
): Promise<Landed> {
  const hops = candidates(node, lab.plan).filter(wanted);
  if (hops.length === 0) return { landed: false, evidence: `${node.name} would be left without a next hop` };
  await nextHopsOf(lab, node).write(lab.view(node), hops);
  const now = await nextHopsOf(lab, node).read(lab.view(node));
  return {
    landed: now.length === hops.length && now.every((hop) => hops.includes(hop)),
    evidence: `next hops of ${node.name}: ${before.join(', ')} → ${now.join(', ')}`,
  };
}

function nextHopsOf(lab: LiveLab, node: PlannedNode): NextHops {
  const { nextHops } = lab.kindOf(node);
  if (nextHops === undefined) throw new Error(`${node.name} has no next hops of its own`);
  return nextHops;
}
