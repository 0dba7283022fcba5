/**
 * How the plan of a lab is kept on disk. Nodes of a group have the same targets, senders, services and options; written out for each,
 * a file of L7 nodes and backends would grow as their product. So lists that nodes have in common stand there once.
 */
import type { Plan, PlannedNode } from '../topology/types.ts';

const common = ['targets', 'senders', 'services', 'options', 'routes'] as const;

type Common = (typeof common)[number];

interface WrittenPlan extends Omit<Plan, 'nodes'> {
  readonly shared: readonly unknown[];
  /** The common parts as places in `shared`. */
  readonly nodes: readonly (Omit<PlannedNode, Common> & Readonly<Record<Common, number>>)[];
}

export function writePlan(plan: Plan): string {
  const places = new Map<string | object, number>();
  const shared: unknown[] = [];
  /** Known at once if it is the very same, else by what it says. */
  const placeOf = (value: object): number => {
    const known = places.get(value) ?? places.get(JSON.stringify(value)) ?? shared.length;
    if (known === shared.length) shared.push(value);
    if (!places.has(value)) places.set(value, known).set(JSON.stringify(value), known);
    return known;
  };
  const nodes = plan.nodes.map((node) => ({
    ...node,
    ...Object.fromEntries(common.map((key) => [key, placeOf(node[key])])),
  }));
  return JSON.stringify({ ...plan, shared, nodes });
}

/** @returns the plan; what nodes have in common is the same object in all of them */
export function parsePlan(text: string): Plan {
  const { shared, nodes, ...rest } = JSON.parse(text) as WrittenPlan;
  return {
    ...rest,
    nodes: nodes.map((node) => {
      const parts = Object.fromEntries(common.map((key) => [key, shared[node[key]]]));
      return { ...node, ...(parts as Pick<PlannedNode, Common>) };
    }),
  };
}
