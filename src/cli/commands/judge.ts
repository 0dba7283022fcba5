import { reportJson } from '../../report/index.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../outcome.ts';
import { type ReporterName, writeReports } from '../reports.ts';
import { judgeSavedRun } from '../saved-run.ts';

/** Judges a saved run again, from its histories alone: the same verdict, report and exit code as then. */
export async function judge(
  context: Context,
  run: string,
  { reporter }: { readonly reporter?: readonly ReporterName[] },
): Promise<number> {
  const result = await judgeSavedRun(run);
  await writeReports(context, result, reporter);
  context.printJson(reportJson([result]));
  return exitCodeOf([result]);
}
