import { resolve } from 'node:path';
import type { ScenarioResult } from '../../report/index.ts';
import type { Context } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { exitCodeOf } from '../outcome.ts';
import { type ReporterName, writeReports } from '../reports.ts';
import { printTogether, writeTogether } from '../reports-together.ts';
import { judgeSavedRun, savedRuns } from '../saved-run.ts';

interface MergeFlags {
  readonly reporter?: readonly ReporterName[];
  readonly output: string;
}

/** Judges the runs of several jobs again and reports them as one. Same exit code as if one job had run them all. */
export async function merge(
  context: Context,
  folders: readonly string[],
  { reporter: reporters = ['terminal'], output }: MergeFlags,
): Promise<number> {
  const { runs, failures } = await savedRuns(folders);
  const results: ScenarioResult[] = [];
  // One by one: histories are large.
  for (const run of runs) results.push(await judgeSavedRun(run));
  for (const reporter of new Set(reporters)) {
    if (reporter !== 'terminal') {
      const path = await writeTogether(resolve(output), results, failures, reporter);
      context.print(`${reporter} report: ${path}`);
      continue;
    }
    for (const result of results) await writeReports(context, result);
    for (const failure of failures) context.print(describeFailure(failure));
  }
  printTogether(context, results, failures, reporters);
  return exitCodeOf(results, failures);
}
