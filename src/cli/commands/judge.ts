import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WorldError } from '../../base/errors.ts';
import { reportJson, reportTerminal } from '../../report/index.ts';
import { historyFile, judgeRun } from '../../run.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from './test.ts';

/** Judges a saved run again, from its histories alone: the same verdict, report and exit code as then. */
export async function judge(context: Context, run: string): Promise<number> {
  const directory = resolve(run);
  if (!(await exists(historyFile(directory, 'main')))) {
    throw new WorldError(`${run} holds no saved run`, {
      code: 'no-such-run',
      exitCode: 3,
      hint: 'name the folder that `tierlab test` printed (it holds main.jsonl)',
    });
  }
  const roles = (await exists(historyFile(directory, 'control')))
    ? (['main', 'control'] as const)
    : (['main'] as const);
  const result = await judgeRun(directory, roles, join(directory, 'scenario.yaml'));
  context.print(reportTerminal(result, { colour: context.colour, width: context.width }));
  context.printJson(reportJson([result]));
  return exitCodeOf([result.verdict]);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
