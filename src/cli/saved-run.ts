import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { historyFile, judgeRun } from '../run.ts';
import type { ScenarioResult } from '../verdict/index.ts';

/**
 * Judges a saved run from its histories alone.
 * @throws WorldError if the folder holds none
 */
export async function judgeSavedRun(run: string): Promise<ScenarioResult> {
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
  return judgeRun(directory, roles, join(directory, 'scenario.yaml'));
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
