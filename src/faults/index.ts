import type { FaultTable } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import type { Fault, Hit } from './contract.ts';
import { linkDown } from './link-down.ts';
import { nodeCrash } from './node-crash.ts';
import { nodeFreeze } from './node-freeze.ts';

export { actOn } from './act.ts';
export type { Fault, Hit, Landed } from './contract.ts';
export { drainNodes, refuseDrain } from './drain.ts';
export { claimEntry, forgetEntry, type LedgerEntry, ledgerEntries, updateEntry } from './ledger.ts';

/** All faults: a new one is a file beside this and a line here. */
const all: readonly Fault[] = [nodeCrash, nodeFreeze, linkDown];

export const faults: Readonly<Record<string, Fault>> = Object.fromEntries(
  all.map((fault) => [fault.traits.name, fault]),
);

export const faultTable: FaultTable = Object.fromEntries(all.map(({ traits }) => [traits.name, traits]));

/** What a target as written means: `l4-1`, `l4` (every node of the group), `l4-1:fabric`, `l4:fabric`. */
export function resolveTarget(plan: Plan, target: string): Hit[] {
  const [name = '', network] = target.split(':');
  const nodes: PlannedNode[] = plan.nodes.filter((node) => node.name === name);
  const hit = nodes.length > 0 ? nodes : plan.nodes.filter((node) => node.group === name);
  return hit.map((node) => (network === undefined ? { node } : { node, network }));
}
