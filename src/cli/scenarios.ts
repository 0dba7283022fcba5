/** Finding the scenarios and topologies that an argument means: a file, a lab folder, or any folder that holds some. */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Diagnostic, formatDiagnostic, InputError } from '../base/errors.ts';
import { exists } from '../base/exists.ts';
import { faultTable } from '../faults/index.ts';
import { kindTable } from '../kinds/index.ts';
import { loadScenario } from '../scenario/index.ts';
import { readDocument } from '../topology/index.ts';
import { checkExpectation } from '../verdict/index.ts';

type Lab = Awaited<ReturnType<typeof loadScenario>>;

/** The one that an argument means: a file itself, of a lab folder its `scenario.yaml`. @throws InputError of another folder */
export async function scenarioFile(fileOrFolder: string): Promise<string> {
  if (!(await isFolder(fileOrFolder))) return fileOrFolder;
  const [file = '', ...others] = await scenarioFiles(fileOrFolder);
  if (others.length === 0) return file;
  const message = `is a folder of ${others.length + 1} scenarios, and one is wanted`;
  throw new InputError([{ file: fileOrFolder, message, hint: `the first is ${file}` }]);
}

/**
 * All that an argument means: a file itself, of a lab folder its `scenario.yaml`, of any other folder every scenario below it,
 * in order of their paths.
 * @throws InputError if a folder holds none
 */
export async function scenarioFiles(fileOrFolder: string): Promise<string[]> {
  if (!(await isFolder(fileOrFolder))) return [fileOrFolder];
  const ofLab = join(fileOrFolder, 'scenario.yaml');
  if (await exists(ofLab)) return [ofLab];
  const candidates = await yamlFiles(fileOrFolder);
  const found = await Promise.all(candidates.map(typeOfFile));
  const scenarios = candidates.filter((_, i) => found[i] === 'scenario');
  if (scenarios.length > 0) return scenarios;
  throw new InputError([
    { file: fileOrFolder, message: 'no scenario here, nor in any folder below', hint: 'name a lab folder' },
  ]);
}

/** All that several arguments mean, in their order, each file once: `labs labs/01-l4-crash`. @throws InputError as above */
export async function allScenarioFiles(filesOrFolders: readonly string[]): Promise<string[]> {
  const files = (await Promise.all(filesOrFolders.map(scenarioFiles))).flat();
  return [...new Map(files.map((file) => [resolve(file), file])).values()];
}

/** The scenarios below a lab folder that the folder alone does not mean, in order of their paths. */
export async function furtherScenarios(fileOrFolder: string): Promise<string[]> {
  const [meant, ...others] = await scenarioFiles(fileOrFolder);
  if (meant === fileOrFolder || others.length > 0) return [];
  const candidates = await yamlFiles(fileOrFolder);
  // What cannot be read may be anything: nobody has asked for it.
  const found = await Promise.all(candidates.map((file) => typeOfFile(file).catch(() => 'neither')));
  return candidates.filter((file, i) => found[i] === 'scenario' && file !== meant);
}

/** YAML files below a folder, in order of their paths; what is hidden, and packages of others, left out. */
export async function yamlFiles(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true });
  return found
    .filter((path) => /\.ya?ml$/.test(path) && !/(^|\/)(\.|node_modules\/)/.test(path))
    .sort()
    .map((path) => join(folder, path));
}

/** They are told apart by their keys: only a scenario names a topology. */
export async function typeOfFile(file: string): Promise<'scenario' | 'topology' | 'neither'> {
  const { value } = await readDocument(file);
  const has = (key: string): boolean => typeof value === 'object' && value !== null && key in value;
  if (['topology', 'timeline', 'expect'].some(has)) return 'scenario';
  return ['nodes', 'networks'].some(has) ? 'topology' : 'neither';
}

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

export function loadLab(file: string): Promise<Lab> {
  return loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation });
}

/** @throws InputError with all problems of all files, each once: scenarios share topologies */
export async function loadLabs(files: readonly string[]): Promise<Lab[]> {
  const problems = new Map<string, Diagnostic>();
  const loaded = await Promise.all(
    files.map((file) =>
      loadLab(file).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        for (const diagnostic of error.diagnostics) problems.set(formatDiagnostic(diagnostic), diagnostic);
        return [];
      }),
    ),
  );
  if (problems.size > 0) throw new InputError([...problems.values()]);
  return loaded.flat();
}
