import { WorldError } from '../base/errors.ts';
import { type Probe, until } from '../base/until.ts';
import type { ServiceStep } from '../kinds/contract.ts';
import { type LiveLab, labView } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { explain } from './act.ts';
import type { Landed } from './contract.ts';

export interface DrainOptions {
  /** For all steps together. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each step that is done. */
  readonly onStep?: (message: string) => void;
}

/**
 * Takes nodes out of service (`drain`) or puts them back (`undrain`), all at once, each step verified before the next.
 * @returns whether every node got there before the deadline, and what was seen; where it stopped it stays
 */
export async function drainNodes(
  lab: LiveLab,
  nodes: readonly PlannedNode[],
  action: 'drain' | 'undrain',
  options: DrainOptions,
): Promise<Landed> {
  const results = await Promise.all(
    nodes.map((node) =>
      goThrough(lab, node, action, options).catch((error: unknown): Landed => {
        options.signal?.throwIfAborted();
        return { landed: false, evidence: explain(error) };
      }),
    ),
  );
  return {
    landed: nodes.length > 0 && results.every(({ landed }) => landed),
    evidence: results.map(({ evidence }) => evidence).join('; '),
  };
}

/** Why a node cannot be drained, or undefined if it can. */
export function refuseDrain(lab: LiveLab, node: PlannedNode): string | undefined {
  const { drain, traits } = lab.kindOf(node);
  return drain === undefined
    ? `nodes of kind ${traits.name} cannot be drained`
    : drain.refuse?.(node, lab.plan);
}

async function goThrough(
  lab: LiveLab,
  node: PlannedNode,
  action: 'drain' | 'undrain',
  { withinMs, signal, onStep }: DrainOptions,
): Promise<Landed> {
  const refusal = refuseDrain(lab, node);
  const { drain } = lab.kindOf(node);
  if (refusal !== undefined || drain === undefined)
    return { landed: false, evidence: `${node.name}: ${refusal}` };
  const start = performance.now();
  const elapsed = (): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const done: string[] = [];
  for (const step of (action === 'drain' ? drain.out : drain.back)(labView(lab), node)) {
    const why = await take(step, withinMs - (performance.now() - start), signal);
    if (why !== undefined) {
      const so = done.length === 0 ? '' : ` (before that: ${done.join(', ')})`;
      return { landed: false, evidence: `not after ${elapsed()}: ${step.what}: ${why}${so}` };
    }
    done.push(`${step.what} after ${elapsed()}`);
    onStep?.(`${step.what} (${elapsed()})`);
  }
  return { landed: true, evidence: done.join(', ') };
}

/** @returns what stood in the way at the deadline, or undefined */
async function take(
  step: ServiceStep,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  await step.act?.();
  try {
    const code = 'not-drained';
    await until(() => step.verify().catch(notYet), { withinMs, everyMs: 50, why: step.what, code, signal });
    return undefined;
  } catch (error) {
    if (error instanceof WorldError && error.code === 'not-drained') return error.details.join(', ');
    throw error;
  }
}

/** A daemon that has just been started does not answer yet. */
const notYet = (error: unknown): Probe => ({ ok: false, saw: explain(error) });
