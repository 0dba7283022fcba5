/**
 * What was done to a lab and not undone stands, also where a node forgets it because it begins anew, or never knew it because it joins.
 * What a node has in its own files (weights, states of backends, what it announces) it finds there by itself.
 */
import { type Probe, until } from '../base/until.ts';
import { type LedgerEntry, type LiveLab, labView, ledgerEntries, updateEntry } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { explain, hitAll } from './act.ts';
import { faults } from './all.ts';
import type { Fault, Hit, Landed } from './contract.ts';
import { resolveTarget } from './nodes.ts';

/** For nodes that have begun anew. @param isLost what they forget @returns what was done again, and whether it landed */
export async function renew(
  lab: LiveLab,
  nodes: readonly PlannedNode[],
  isLost: (fault: Fault) => boolean,
): Promise<readonly Landed[]> {
  const results: Landed[] = [];
  for (const entry of await ledgerEntries(lab.paths)) {
    const fault = faults[entry.fault];
    const hits = hitsOf(lab, entry, nodes).filter(({ node }) => entry.nodes.includes(node.name));
    if (fault === undefined || !isLost(fault) || hits.length === 0) continue;
    const { landed, evidence } = await soon(entry, () => hitAll(lab, fault, 'inject', hits, entry.options));
    results.push({ landed, evidence: `${entry.name} ${landed ? '' : 'NOT '}done again: ${evidence}` });
  }
  return results;
}

/** For nodes that have joined, before anybody sends them anything. */
export async function welcome(lab: LiveLab, newcomers: readonly PlannedNode[]): Promise<readonly Landed[]> {
  const results: Landed[] = [];
  for (const entry of await ledgerEntries(lab.paths)) {
    const act = concerns(lab, entry, newcomers);
    if (act === undefined) continue;
    const { landed, evidence } = await soon(entry, act);
    results.push({ landed, evidence: `${entry.name} ${landed ? 'holds' : 'does NOT hold'}: ${evidence}` });
  }
  return results;
}

/** Daemons that have just been started do not answer yet. */
async function soon({ name }: LedgerEntry, act: () => Promise<Landed>): Promise<Landed> {
  const probe = async (): Promise<Probe> => {
    const { landed, evidence } = await act();
    return { ok: landed, saw: evidence };
  };
  const failed = (error: unknown): Probe => ({ ok: false, saw: explain(error) });
  const options = { withinMs: 10_000, everyMs: 100, why: `${name} to hold` };
  const { ok, saw } = await until(() => probe().catch(failed), options).catch(failed);
  return { landed: ok, evidence: saw };
}

/** What makes an entry hold for newcomers; undefined if it does not concern them. */
function concerns(
  lab: LiveLab,
  entry: LedgerEntry,
  newcomers: readonly PlannedNode[],
): (() => Promise<Landed>) | undefined {
  if (entry.fault === 'drain') return tellOfDrain(lab, entry, newcomers);
  const fault = faults[entry.fault];
  const hits = hitsOf(lab, entry, newcomers);
  if (fault?.isForNewcomers !== true || hits.length === 0) return undefined;
  return async () => {
    const result = await hitAll(lab, fault, 'inject', hits, entry.options);
    const nodes = [...entry.nodes, ...hits.map(({ node }) => node.name)];
    if (result.landed) await updateEntry(lab.paths, { ...entry, nodes });
    return result;
  };
}

function tellOfDrain(
  lab: LiveLab,
  { nodes }: LedgerEntry,
  newcomers: readonly PlannedNode[],
): (() => Promise<Landed>) | undefined {
  const drained = lab.plan.nodes.filter(({ name }) => nodes.includes(name));
  const tellers = drained.flatMap((node) => {
    const tell = lab.kindOf(node).drain?.tell;
    return tell === undefined ? [] : newcomers.map((newcomer) => () => tell(labView(lab), node, newcomer));
  });
  if (tellers.length === 0) return undefined;
  return async () => {
    for (const tell of tellers) await tell();
    return { landed: true, evidence: `told ${newcomers.map(({ name }) => name).join(', ')}` };
  };
}

function hitsOf(lab: LiveLab, { target, seed }: LedgerEntry, among: readonly PlannedNode[]): Hit[] {
  const names = new Set(among.map(({ name }) => name));
  return resolveTarget(lab.plan, target)
    .filter(({ node }) => names.has(node.name))
    .map((hit) => (seed === undefined ? hit : { ...hit, seed }));
}
