/** Finding the scenario that an argument means: a file, or a lab folder that holds one. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
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
