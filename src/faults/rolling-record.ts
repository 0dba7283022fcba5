/** What a rolling action leaves on record while it is under way: if it stops halfway, that can be undone. */
import { forgetEntry, type LiveLab } from '../lab/index.ts';
import type { RollingStep } from '../scenario/types.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { Landed } from './contract.ts';
import { onRecord } from './on-record.ts';
import { stepName } from './rolling-names.ts';

/**
 * Takes a step. A drain is on record until it is undone.
 * @param name of the rolling action
 * @returns undefined if there is something of the step's name on record already: then nothing was done
 */
export async function takeOnRecord(
  lab: LiveLab,
  name: string,
  node: PlannedNode,
  step: RollingStep,
  act: () => Promise<Landed>,
): Promise<Landed | undefined> {
  if (step.action !== 'undrain') {
    const { fault, options } = step.action === 'inject' ? step : { fault: 'drain', options: {} };
    return onRecord(lab, { name: stepName(name, node, step), fault, target: node.name, options }, act);
  }
  const result = await act();
  if (result.landed) await forgetEntry(lab.paths, stepName(name, node, { action: 'drain' }));
  return result;
}

/** Nothing of it is damage once each node was found well at the end of its turn. */
export async function forgetRolling(
  { paths }: LiveLab,
  name: string,
  nodes: readonly PlannedNode[],
  steps: readonly RollingStep[],
): Promise<void> {
  for (const node of nodes) for (const step of steps) await forgetEntry(paths, stepName(name, node, step));
}
