import { exitCodes } from '../../base/errors.ts';
import { reportJson } from '../../report/index.ts';
import type { Context } from '../context.ts';
import { type ReporterName, writeReports } from '../reports.ts';
import { judgeSavedRun } from '../saved-run.ts';

/** Writes the reports of a saved run again. What they say is no failure of this command: `judge` is for that. */
export async function report(
  context: Context,
  run: string,
  { reporter = ['html'] }: { readonly reporter?: readonly ReporterName[] },
): Promise<number> {
  const result = await judgeSavedRun(run);
  await writeReports(context, result, reporter);
  context.printJson(reportJson([result]));
  return exitCodes.pass;
}
