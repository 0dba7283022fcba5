/** The same steps for every node of a tier, one after another (or so many at a time). */
import { setTimeout as delay } from 'node:timers/promises';
import type { LiveLab } from '../lab/index.ts';
import type { RollingStep, TimelineRolling } from '../scenario/types.ts';
import type { PlannedNode } from '../topology/types.ts';
import { explain } from './act.ts';
import { actOn } from './act-on.ts';
import { faults } from './all.ts';
import type { Landed } from './contract.ts';
import { isReady } from './daemons.ts';
import { drainNodes } from './drain.ts';

export interface RollingOptions
  extends Pick<TimelineRolling, 'steps' | 'maxUnavailable' | 'pauseMs' | 'withinMs'> {
  readonly seed?: number;
  readonly signal: AbortSignal;
  /** Takes a step (by calling `act`) and puts on record what came of it. */
  readonly take: (node: PlannedNode, step: RollingStep, act: () => Promise<Landed>) => Promise<Landed>;
}

/**
 * Gives every node its turn: each step is verified before the next, and a node works again, seen from itself, before the next
 * node's turn. Where a step does not land, it stops: the rest of the tier is left alone.
 */
export async function roll(
  lab: LiveLab,
  nodes: readonly PlannedNode[],
  options: RollingOptions,
): Promise<Landed> {
  const { maxUnavailable, pauseMs, signal } = options;
  const done: string[] = [];
  for (let next = 0; next < nodes.length; next += maxUnavailable) {
    if (next > 0) await delay(pauseMs, undefined, { signal });
    const turn = nodes.slice(next, next + maxUnavailable);
    const results = await Promise.all(turn.map((node) => giveTurn(lab, node, options)));
    const failed = results.find(({ landed }) => !landed);
    if (failed !== undefined) {
      const left = nodes.slice(next + turn.length).map(({ name }) => name);
      const untouched = left.length === 0 ? '' : ` (not begun: ${left.join(', ')})`;
      return { landed: false, evidence: `${failed.evidence}${untouched}` };
    }
    done.push(...turn.map(({ name }) => name));
  }
  return { landed: done.length > 0, evidence: `${done.join(', ')}: each well again after its turn` };
}

async function giveTurn(
  lab: LiveLab,
  node: PlannedNode,
  { steps, take, ...options }: RollingOptions,
): Promise<Landed> {
  let result: Landed = { landed: true, evidence: '' };
  for (const [i, step] of steps.entries()) {
    const isLast = i === steps.length - 1;
    result = await take(node, step, () => within(options, () => act(lab, node, step, isLast, options)));
    options.signal.throwIfAborted();
    if (!result.landed) break;
  }
  return { ...result, evidence: `${node.name}: ${result.evidence}` };
}

async function act(
  lab: LiveLab,
  node: PlannedNode,
  step: RollingStep,
  isLast: boolean,
  { withinMs, seed, signal }: Omit<RollingOptions, 'steps' | 'take'>,
): Promise<Landed> {
  if (step.action !== 'inject') return drainNodes(lab, [node], step.action, { withinMs, signal });
  const fault = faults[step.fault];
  if (fault === undefined) throw new Error(`no fault ${step.fault}`);
  const hit = seed === undefined ? { node } : { node, seed };
  const result = await actOn(lab, fault, 'inject', [hit], step.options);
  if (!isLast || !result.landed) return result;
  const { saw } = await isReady(lab, node);
  return { landed: true, evidence: `${result.evidence}; ${saw}` };
}

/** What lands after its deadline has not landed; errors are evidence. */
async function within(
  { withinMs }: Pick<RollingOptions, 'withinMs'>,
  act: () => Promise<Landed>,
): Promise<Landed> {
  const start = performance.now();
  const result = await act().catch((error: unknown): Landed => ({ landed: false, evidence: explain(error) }));
  const tookMs = performance.now() - start;
  if (tookMs <= withinMs || !result.landed) return result;
  return { landed: false, evidence: `only after ${(tookMs / 1000).toFixed(1)} s: ${result.evidence}` };
}
