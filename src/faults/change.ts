import {
  assertChangeable,
  beginChange,
  carryOut,
  endChange,
  forgetEntry,
  type LabChange,
  type LiveLab,
  labChange,
  labView,
  ledgerEntries,
  readyNodes,
} from '../lab/index.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { explain } from './act.ts';
import type { Landed } from './contract.ts';
import { type DrainOptions, drainNodes, refuseDrain } from './drain.ts';
import { resolveTarget } from './nodes.ts';
import { welcome } from './renew.ts';

/**
 * Turns a lab that is up into what another plan says. Nodes that go are drained first; one that cannot be drained by the
 * deadline stays, and so does everything else.
 * @returns whether everybody concerned is ready, and what they say
 * @throws WorldError if it cannot be changed like that
 */
export async function changeLab(lab: LiveLab, after: Plan, options: DrainOptions): Promise<Landed> {
  const change = labChange(lab.plan, after, lab.paths, lab.options);
  await assertChangeable(lab, change);
  const ready = await readyNodes(lab);
  const start = performance.now();
  const left = (): number => Math.max(0, options.withinMs - (performance.now() - start));
  await beginChange(lab.paths, after);
  let drained: Landed = { landed: false, evidence: '' };
  try {
    drained = await drainLeaving(lab, change, options);
  } finally {
    // Nothing else has been touched.
    if (!drained.landed) await endChange(lab.paths);
  }
  if (!drained.landed) return drained;
  try {
    const welcomed: Landed[] = [];
    const onJoin = async (nodes: readonly PlannedNode[]): Promise<void> => {
      welcomed.push(...(await welcome(lab, nodes)));
    };
    const said = await carryOut(lab, change, { ready, withinMs: left(), signal: options.signal, onJoin });
    await forgetGone(lab);
    const elapsed = `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const told = welcomed.map(({ evidence }) => evidence);
    return {
      landed: welcomed.every(({ landed }) => landed),
      evidence: [drained.evidence, ...told, `${said} (${elapsed})`].filter(Boolean).join('; '),
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { landed: false, evidence: explain(error) };
  }
}

/** What was done to nodes that are gone went with them: to heal it would hit others that come under their names. */
async function forgetGone({ paths, plan }: LiveLab): Promise<void> {
  for (const { name, target } of await ledgerEntries(paths))
    if (resolveTarget(plan, target).length === 0) await forgetEntry(paths, name);
}

/** A node that is dead has nothing to finish, and a client has nobody to tell. */
async function drainLeaving(lab: LiveLab, { removed }: LabChange, options: DrainOptions): Promise<Landed> {
  const able = removed.filter((node) => refuseDrain(lab, node) === undefined);
  const { alive } = labView(lab);
  const states = await Promise.all(able.map(alive));
  const leaving = able.filter((_, i) => states[i]);
  if (leaving.length === 0) return { landed: true, evidence: '' };
  const putBack = (): Promise<Landed> => drainNodes(lab, leaving, 'undrain', { withinMs: 10_000 });
  const result = await drainNodes(lab, leaving, 'drain', options).catch(async (error: unknown) => {
    await putBack();
    throw error;
  });
  if (result.landed) return result;
  const back = await putBack();
  const now = back.landed ? 'back in service' : `still drained: ${back.evidence}`;
  return {
    landed: false,
    evidence: `${names(leaving)} could not be drained (${result.evidence}), and is ${now}`,
  };
}

const names = (nodes: readonly PlannedNode[]): string => nodes.map(({ name }) => name).join(', ');
