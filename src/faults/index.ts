import type { FaultTable, TimelineEntry } from '../scenario/types.ts';
import { faults } from './all.ts';

export { actOn } from './act-on.ts';
export { faults } from './all.ts';
export { changeLab } from './change.ts';
export type { Fault, Hit, Landed } from './contract.ts';
export { drainNodes, refuseDrain } from './drain.ts';
export { resolveTarget } from './nodes.ts';
export { onRecord } from './on-record.ts';
export { rolledNames, stepName } from './rolling-names.ts';
export { forgetRolling, takeOnRecord } from './rolling-record.ts';

export const faultTable: FaultTable = Object.fromEntries(
  Object.values(faults).map(({ traits }) => [traits.name, traits]),
);

/** Kernel modules that a timeline needs, beside those of the lab. */
export function modulesOf(timeline: readonly TimelineEntry[]): string[] {
  const names = timeline.flatMap((entry) => {
    const steps = entry.action === 'rolling' ? entry.steps : [entry];
    return steps.flatMap((step) => (step.action === 'inject' ? [step.fault] : []));
  });
  return [...new Set(names.flatMap((name) => faults[name]?.traits.modules ?? []))];
}
