import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { exitCodes } from '../../base/errors.ts';
import type { Failure, ScenarioResult } from '../../report/index.ts';
import { HistoryError } from '../../verdict/index.ts';
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
  for (const run of runs) {
    try {
      results.push(await judgeSavedRun(run));
    } catch (error) {
      // A job that was cut off: the others have something to tell all the same.
      if (!(error instanceof HistoryError)) throw error;
      failures.push(await cutOff(run, error));
    }
  }
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

async function cutOff(run: string, { message }: HistoryError): Promise<Failure> {
  return {
    name: basename(run),
    file: join(run, 'scenario.yaml'),
    runDir: run,
    code: 'bad-history',
    exitCode: exitCodes.labFailed,
    at: (await stat(run)).mtimeMs,
    message: 'its history cannot be judged',
    details: [message],
  };
}
