import { kindTable } from '../../../src/kinds/index.ts';
import { loadTopology, planTopology } from '../../../src/topology/index.ts';
import type { Plan, PlannedNode } from '../../../src/topology/types.ts';

/** The plan of the topology from which the recordings beside this file were made. */
export const threeTier = (): Promise<Plan> => planOf('three-tier');

/** The plan of a topology that comes with the project. */
export async function planOf(name: string): Promise<Plan> {
  const file = new URL(`../../../topologies/${name}.yaml`, import.meta.url).pathname;
  return planTopology(await loadTopology(file, kindTable), kindTable);
}

export function nodeOf(plan: Plan, name: string): PlannedNode {
  const node = plan.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}
