import { formatDuration } from '../../base/units.ts';
import { faultTable } from '../../faults/index.ts';
import { kindTable } from '../../kinds/index.ts';
import { checkScaleByHand } from '../../scenario/index.ts';
import { changeByHand } from '../change-by-hand.ts';
import type { Context } from '../context.ts';
import { withLab } from '../labs.ts';

interface ScaleFlags {
  readonly lab?: string;
  /** ms */
  readonly within: number;
}

/** Adds nodes to a tier of a running lab, or takes the last ones away. */
export async function scale(
  context: Context,
  tier: string,
  by: number,
  { lab, within }: ScaleFlags,
): Promise<number> {
  return withLab(lab, async (live) => {
    const entry = { tier, by, within: formatDuration(within) };
    const after = checkScaleByHand(entry, live.plan, { faults: faultTable, kinds: kindTable });
    return changeByHand(context, live, after, { name: 'scale', withinMs: within, dryRun: false });
  });
}
