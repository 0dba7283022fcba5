import { z } from 'zod';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { defineFault } from './contract.ts';
import { nodeField } from './fields.ts';
import { nodesNamed } from './nodes.ts';
import { addDrops, type DropRule, filterModules, lookAtDrops, removeDrops } from './traffic-control.ts';

/**
 * Two sets of nodes do not hear each other any more on the networks that they share; everybody else hears both. Each port
 * drops the frames of the other side's nodes, by their MAC addresses: broadcasts, and so ARP, too.
 */
export const netPartition = defineFault({
  traits: {
    name: 'net.partition',
    summary: 'the target and the nodes of `from` do not reach each other on the networks that they share',
    target: 'node',
    modules: filterModules,
    options: z.strictObject({
      from: z
        .union([nodeField(''), z.array(nodeField('')).min(1)], {
          error: 'must be the name of a node or a group, or a list of them',
        })
        .transform((from) => [from].flat())
        .meta({ description: 'The other side: nodes or groups.' }),
    }),
    refuse(node, { from }, plan) {
      const unknown = from.find((name) => nodesNamed(plan, name).length === 0);
      if (unknown !== undefined) {
        const known = [...new Set(plan.nodes.map(({ group }) => group))].join(', ');
        return { key: 'from', message: `unknown node "${unknown}"`, hint: `known groups: ${known}` };
      }
      const stranger = from.find((name) => rulesOf(node, [name], plan).length === 0);
      if (stranger === undefined) return undefined;
      return { key: 'from', message: `${node.name} shares no network with "${stranger}"` };
    },
  },

  isRenewed: true,

  async inject(lab, { node }, { from }) {
    const rules = rulesOf(node, from, lab.plan);
    await addDrops(lab, rules);
    const { there } = await lookAtDrops(lab, rules);
    return {
      landed: there === rules.length,
      evidence: `${node.name} from ${from.join(', ')}: ${there} of ${rules.length} filters`,
    };
  },

  async heal(lab, { node }, { from }) {
    const rules = rulesOf(node, from, lab.plan);
    const { dropped } = await lookAtDrops(lab, rules);
    await removeDrops(lab, rules);
    const { there } = await lookAtDrops(lab, rules);
    return {
      landed: there === 0,
      evidence: `${node.name}: ${dropped} packets were dropped, ${there} filters are left`,
    };
  },
});

/** On each shared network: at the port of either what the other sends. */
function rulesOf(node: PlannedNode, from: readonly string[], plan: Plan): DropRule[] {
  const others = new Set(from.flatMap((name) => nodesNamed(plan, name)).map(({ name }) => name));
  others.delete(node.name);
  return plan.networks.flatMap(({ name: network, members }) => {
    const own = members.findIndex((member) => member.node === node.name);
    return members.flatMap((member, i): DropRule[] => {
      if (own < 0 || !others.has(member.node)) return [];
      const rule = { network, direction: 'to-node' as const };
      // A member's place in its network is its rule's at every other port.
      return [
        { ...rule, node: node.name, only: { from: member.mac }, preference: 100 + i },
        { ...rule, node: member.node, only: { from: members[own]?.mac ?? '' }, preference: 100 + own },
      ];
    });
  });
}
