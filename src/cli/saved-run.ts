import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../base/errors.ts';
import { exists } from '../base/exists.ts';
import type { Failure } from '../report/index.ts';
import { historyFile, judgeRun } from '../run/index.ts';
import type { ScenarioResult } from '../verdict/index.ts';

/**
 * Judges a saved run from its histories alone.
 * @throws InputError if the folder holds none
 */
export async function judgeSavedRun(run: string): Promise<ScenarioResult> {
  const directory = resolve(run);
  if (!(await exists(historyFile(directory, 'main')))) throw noSuchRun(run);
  const roles = (await exists(historyFile(directory, 'control')))
    ? (['main', 'control'] as const)
    : (['main'] as const);
  return judgeRun(directory, roles, join(directory, 'scenario.yaml'));
}

const noSuchRun = (folder: string): InputError => {
  const hint = 'name the folder that `tierlab test` printed (it holds main.jsonl)';
  return new InputError([{ file: folder, message: 'holds no saved run', hint }]);
};

/**
 * The runs in the folders, each once, in the order of their paths: those with histories to judge, and the failures of those that
 * gave no verdict.
 * @throws InputError if a folder holds neither
 */
export async function savedRuns(
  folders: readonly string[],
): Promise<{ runs: string[]; failures: Failure[] }> {
  const found = new Set<string>();
  const failed = new Map<string, Failure>();
  for (const folder of folders) {
    const inside = await readdir(folder, { recursive: true }).catch(() => []);
    const files = inside.sort().map((path) => resolve(folder, path));
    const ofFailures = files.filter((file) => basename(file) === failureFile);
    for (const file of ofFailures) {
      failed.set(dirname(file), { ...(await readFailure(file)), runDir: dirname(file) });
    }
    const histories = files.filter((file) => file === historyFile(dirname(file), 'main'));
    if (histories.length + ofFailures.length === 0) throw noSuchRun(folder);
    for (const file of histories) found.add(dirname(file));
  }
  return { runs: [...found].filter((run) => !failed.has(run)), failures: [...failed.values()] };
}

async function readFailure(file: string): Promise<Failure> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Failure;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `cannot be read: ${error.message.replaceAll('\n', ' ')}`;
    throw new InputError([{ file, message, hint: 'the run was cut off: leave its folder out' }]);
  }
}

/** Beside what the lab left of its logs. */
export async function saveFailure(failure: Failure): Promise<void> {
  await writeFile(join(failure.runDir, failureFile), `${JSON.stringify(failure, null, 2)}\n`);
}

const failureFile = 'failure.json';
