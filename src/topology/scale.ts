import { eachOf, listed } from '../base/families.ts';
import { parseSubnet, usableHosts } from '../base/ip.ts';
import { suggest } from '../base/suggest.ts';
import { nodeNames, refuseName } from './names.ts';
import { planTopology } from './plan.ts';
import { topologyOfPlan } from './plan-origin.ts';
import type { KindTable, NodeGroup, Plan, Topology } from './types.ts';

/** Why a tier cannot be scaled. */
export interface ScaleRefusal {
  /** What is wrong. */
  readonly key: 'tier' | 'by';
  readonly message: string;
  readonly hint: string;
}

/**
 * The plan with so many nodes more in a tier, or fewer: the last ones go. All others stay what they are.
 * @returns the plan, or why it cannot be
 */
export function scalePlan(
  plan: Plan,
  tier: string,
  by: number,
  kinds: KindTable,
): Plan | { readonly refusal: ScaleRefusal } {
  const topology = topologyOfPlan(plan, kinds);
  const group = topology.nodes.find(({ name }) => name === tier);
  const refuse = (key: ScaleRefusal['key'], message: string, hint: string) => ({
    refusal: { key, message, hint },
  });
  if (group === undefined) {
    const names = topology.nodes.map(({ name }) => name);
    const owner = plan.nodes.find(({ name }) => name === tier)?.group;
    const hint = owner === undefined ? suggest(tier, names, 'known tiers') : `write ${owner}`;
    return refuse('tier', `unknown tier "${tier}"`, hint);
  }
  if (group.sources !== undefined) {
    const message = `"${tier}" cannot be scaled: its nodes share ${listed(group.sources)} out, and connections are open from there`;
    return refuse('tier', message, 'give it more connections instead');
  }
  if (!group.numbered) {
    const message = `"${tier}" is one node without a number, and stays one`;
    return refuse('tier', message, `write count: 1 in the topology: its node is then ${tier}-1`);
  }
  const count = group.count + by;
  if (count < 1) {
    const nodes = group.count === 1 ? '1 node' : `${group.count} nodes`;
    return refuse(
      'by',
      `"${tier}" has ${nodes} then, and must keep one`,
      group.count === 1 ? 'none can go' : `at most ${group.count - 1} can go`,
    );
  }
  const nodes = topology.nodes.map((each) => (each === group ? { ...group, count } : each));
  const taken = new Set([...plan.nodes, ...plan.networks].map(({ name }) => name));
  const wrong = nodeNames({ ...group, count })
    .slice(group.count)
    .find((name) => taken.has(name) || refuseName(name) !== undefined);
  if (wrong !== undefined)
    return refuse('by', `a new node would be called ${wrong}`, refuseName(wrong) ?? 'that name is taken');
  const full = fullNetwork({ ...topology, nodes });
  if (full !== undefined)
    return refuse(
      'by',
      `there is no room for ${by} more on the network "${full.name}" (${listed(full.subnet)})`,
      'give it a larger subnet',
    );
  return planTopology({ ...topology, nodes }, kinds, plan);
}

function fullNetwork({ networks, nodes }: Topology): Topology['networks'][number] | undefined {
  return networks.find(({ name, subnet: text }) => {
    const on = (group: NodeGroup): number => (group.networks.includes(name) ? group.count : 0);
    const members = nodes.reduce((sum, group) => sum + on(group), 0);
    return eachOf(text).some((each) => {
      const subnet = parseSubnet(each);
      return subnet !== undefined && members > usableHosts(subnet);
    });
  });
}
