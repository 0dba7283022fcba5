import { exitCodes } from '../../base/errors.ts';
import { kindTable } from '../../kinds/index.ts';
import { describePlan, loadTopology, planTopology } from '../../topology/index.ts';
import type { Context } from '../context.ts';

export async function plan(context: Context, file: string): Promise<number> {
  const planned = planTopology(await loadTopology(file, kindTable), kindTable);
  context.printJson(planned);
  context.print(describePlan(planned, kindTable));
  return exitCodes.pass;
}
