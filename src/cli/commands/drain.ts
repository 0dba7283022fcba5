import { exitCodes, WorldError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import { drainNodes, faultTable, refuseDrain, resolveTarget } from '../../faults/index.ts';
import { kindTable } from '../../kinds/index.ts';
import { type LedgerEntry, type LiveLab, ledgerEntries } from '../../lab/index.ts';
import { checkByHand } from '../../scenario/index.ts';
import type { PlannedNode } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { withLab } from '../labs.ts';
import { inflict, undo } from './fault.ts';

interface DrainFlags {
  readonly lab?: string;
  /** ms */
  readonly within: number;
}

/** Takes a node out of service, or all of a group, so that nobody notices. */
export async function drain(context: Context, target: string, { lab, within }: DrainFlags): Promise<number> {
  return withLab(lab, async (live) => {
    check(live, target, within);
    const nodes = resolveTarget(live.plan, target).map(({ node }) => node);
    refuseUndrainable(live, nodes);
    const { signal, report } = context;
    const onStep = (message: string): void => report({ type: 'detail', message });
    return inflict(context, live, { fault: 'drain', target, options: {} }, () =>
      drainNodes(live, nodes, 'drain', { withinMs: within, signal, onStep }),
    );
  });
}

/** Puts a drained node back. One that nobody is known to have drained is put back all the same: it is not harmful. */
export async function undrain(
  context: Context,
  target: string,
  { lab, within }: DrainFlags,
): Promise<number> {
  return withLab(lab, async (live) => {
    check(live, target, within);
    const entries = await ledgerEntries(live.paths);
    const known = entries.find((entry) => entry.fault === 'drain' && entry.target === target);
    const unknown: LedgerEntry = {
      name: `drain-${target}`,
      fault: 'drain',
      target,
      options: {},
      nodes: resolveTarget(live.plan, target).map(({ node }) => node.name),
      at: 0,
      state: 'begun',
      evidence: '',
    };
    const result = await undo(context, live, known ?? unknown, within);
    const document = { target, ...result };
    if (!result.landed)
      throw new WorldError(`${target} is not back in service`, {
        code: 'not-landed',
        exitCode: 4,
        details: [result.evidence],
        result: document,
      });
    context.printJson(document);
    context.print(`${target} is back in service: ${result.evidence}`);
    return exitCodes.pass;
  });
}

/** @throws WorldError naming the first node that cannot be taken out of service, and why */
export function refuseUndrainable(live: LiveLab, nodes: readonly PlannedNode[]): void {
  for (const node of nodes) {
    const refusal = refuseDrain(live, node);
    if (refusal === undefined) continue;
    throw new WorldError(`${node.name} cannot be drained`, {
      code: 'not-drainable',
      exitCode: 4,
      hint: refusal,
    });
  }
}

function check(live: LiveLab, target: string, withinMs: number): void {
  const entry = { action: 'drain', target, within: formatDuration(withinMs) } as const;
  checkByHand(entry, live.plan, { faults: faultTable, kinds: kindTable });
}
