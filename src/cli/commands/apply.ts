import { resolve } from 'node:path';
import { kindTable } from '../../kinds/index.ts';
import { noteTopologyFile } from '../../lab/index.ts';
import { loadTopology, planTopology } from '../../topology/index.ts';
import { changeByHand } from '../change-by-hand.ts';
import type { Context } from '../context.ts';
import { withLab } from '../labs.ts';

interface ApplyFlags {
  readonly lab?: string;
  readonly dryRun?: boolean;
  /** ms */
  readonly within: number;
}

/** Makes the difference between a running lab and a topology file, and only that. */
export async function apply(
  context: Context,
  file: string,
  { lab, dryRun = false, within }: ApplyFlags,
): Promise<number> {
  const topology = await loadTopology(file, kindTable);
  return withLab(lab ?? topology.name, async (live) => {
    const after = planTopology(topology, kindTable, live.plan);
    const exitCode = await changeByHand(context, live, after, { name: 'apply', withinMs: within, dryRun });
    if (!dryRun) await noteTopologyFile(live.paths, resolve(file));
    return exitCode;
  });
}
