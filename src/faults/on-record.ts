import { now } from '../base/clock.ts';
import { claimEntry, type LedgerEntry, type LiveLab, updateEntry } from '../lab/index.ts';
import type { Landed } from './contract.ts';
import { resolveTarget } from './nodes.ts';

/**
 * Does something lasting to a lab: on record before it happens, and how it went afterwards, so that whoever comes later can undo it.
 * @returns undefined if there is something of that name on record already: then nothing was done
 */
export async function onRecord(
  { paths, plan }: LiveLab,
  what: Pick<LedgerEntry, 'name' | 'fault' | 'target' | 'options' | 'seed'>,
  act: () => Promise<Landed>,
): Promise<Landed | undefined> {
  const nodes = resolveTarget(plan, what.target).map(({ node }) => node.name);
  const at = now();
  const begun: LedgerEntry = { ...what, nodes, at, state: 'begun', evidence: '' };
  if (!(await claimEntry(paths, begun))) return undefined;
  const { landed, evidence } = await act();
  await updateEntry(paths, { ...begun, state: landed ? 'landed' : 'not-landed', evidence });
  return { landed, evidence };
}
