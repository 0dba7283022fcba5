import { exitCodes } from '../../base/errors.ts';
import { kindTable } from '../../kinds/index.ts';
import { describePlan, loadTopology, planTopology, upkeepWarning } from '../../topology/index.ts';
import type { Context } from '../context.ts';

export async function plan(context: Context, file: string): Promise<number> {
  const planned = planTopology(await loadTopology(file, kindTable), kindTable);
  const warning = upkeepWarning(planned, kindTable);
  if (warning !== undefined) context.report({ type: 'warning', message: warning });
  context.printJson(planned);
  context.print(describePlan(planned, kindTable));
  return exitCodes.pass;
}
