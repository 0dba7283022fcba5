import { exitCodes } from '../../base/errors.ts';
import { describeMetrics, metricTable } from '../../verdict/index.ts';
import type { Context } from '../context.ts';

export async function metrics(context: Context): Promise<number> {
  context.print(describeMetrics());
  context.printJson(metricTable);
  return exitCodes.pass;
}
