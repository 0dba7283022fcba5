/** Finding the scenario that an argument means: a file, or a lab folder that holds one. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.ts';
import { faultTable } from '../faults/index.ts';
import { kindTable } from '../kinds/index.ts';
import { loadScenario } from '../scenario/index.ts';
import { readDocument } from '../topology/index.ts';
import { checkExpectation } from '../verdict/index.ts';

export async function scenarioFile(fileOrFolder: string): Promise<string> {
  const isFolder = await stat(fileOrFolder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(fileOrFolder, 'scenario.yaml') : fileOrFolder;
}

/**
 * All that an argument means: a file itself, of a lab folder its `scenario.yaml`, of any other folder every scenario below it,
 * in order of their paths.
 * @throws InputError if a folder holds none
 */
export async function scenarioFiles(fileOrFolder: string): Promise<string[]> {
  const file = await scenarioFile(fileOrFolder);
  const isLab = await stat(file).then(
    () => true,
    () => false,
  );
  if (file === fileOrFolder || isLab) return [file];
  const found = await readdir(fileOrFolder, { recursive: true });
  const candidates = found
    .filter((path) => /\.ya?ml$/.test(path) && !/(^|\/)(\.|node_modules\/)/.test(path))
    .sort()
    .map((path) => join(fileOrFolder, path));
  const areScenarios = await Promise.all(candidates.map(isScenarioFile));
  const scenarios = candidates.filter((_, i) => areScenarios[i]);
  if (scenarios.length > 0) return scenarios;
  throw new InputError([
    { file: fileOrFolder, message: 'no scenario here, nor in any folder below', hint: 'name a lab folder' },
  ]);
}

/** Scenarios and topologies are told apart by their keys: only a scenario names a topology. */
export async function isScenarioFile(file: string): Promise<boolean> {
  const { value } = await readDocument(file);
  return (
    typeof value === 'object' &&
    value !== null &&
    ('topology' in value || 'timeline' in value || 'expect' in value)
  );
}

export function loadLab(file: string): ReturnType<typeof loadScenario> {
  return loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation });
}
