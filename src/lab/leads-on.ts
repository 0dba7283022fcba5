import { type Probe, until } from '../base/until.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { LiveLab } from './live.ts';

/**
 * Waits until a node that others are to lead to knows all its ways. Not for ever: where a next hop is dead it never knows them all, and
 * is led to all the same.
 */
export async function untilItLeadsOn(lab: LiveLab, node: PlannedNode, signal?: AbortSignal): Promise<void> {
  const nothing = { ok: true, saw: '' };
  const ask = async (): Promise<Probe> => (await lab.kindOf(node).leadsOn?.(lab.view(node))) ?? nothing;
  const probe = (): Promise<Probe> =>
    ask().catch((error: unknown) => ({ ok: false, saw: String((error as Error).message) }));
  await until(probe, {
    withinMs: leadsWithinMs,
    everyMs: 100,
    why: `${node.name} to know its ways`,
    signal,
  }).catch(() => signal?.throwIfAborted());
}

const leadsWithinMs = 8000;
