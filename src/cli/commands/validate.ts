import { type Diagnostic, exitCodes, formatDiagnostic, InputError } from '../../base/errors.ts';
import { kindTable } from '../../kinds/index.ts';
import { loadTopology, planTopology, upkeepWarning } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { isFolder, loadLab, typeOfFile, yamlFiles } from '../scenarios.ts';

interface Checked {
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly warning?: string;
}

/** Checks every file, and every topology and scenario below every folder, and tells all problems of all of them. */
export async function validate(context: Context, filesOrFolders: readonly string[]): Promise<number> {
  const files = (await Promise.all(filesOrFolders.map(checkAll))).flat();
  const valid = files.every(({ diagnostics }) => diagnostics.length === 0);
  for (const { file, diagnostics, warning } of files) {
    context.print(diagnostics.length === 0 ? `${file}: fine` : diagnostics.map(formatDiagnostic).join('\n'));
    if (warning !== undefined) context.report({ type: 'warning', message: `${file}: ${warning}` });
  }
  context.printJson({ valid, files });
  return valid ? exitCodes.pass : exitCodes.badInput;
}

async function checkAll(fileOrFolder: string): Promise<Checked[]> {
  if (!(await isFolder(fileOrFolder))) return [await check(fileOrFolder)];
  const checked = await Promise.all((await yamlFiles(fileOrFolder)).map(checkIfOurs));
  if (checked.flat().length > 0) return checked.flat();
  const message = 'no topology or scenario here, nor in any folder below';
  return [{ file: fileOrFolder, diagnostics: [{ file: fileOrFolder, message }] }];
}

/** A folder may hold YAML of others. What cannot be read may be anything, and is told. */
async function checkIfOurs(file: string): Promise<Checked[]> {
  const type = await typeOfFile(file).catch(() => undefined);
  return type === 'neither' ? [] : [await check(file)];
}

async function check(file: string): Promise<Checked> {
  try {
    const isScenario = (await typeOfFile(file)) === 'scenario';
    const topology = isScenario ? (await loadLab(file)).topology : await loadTopology(file, kindTable);
    const warning = upkeepWarning(planTopology(topology, kindTable), kindTable);
    return { file, diagnostics: [], ...(warning === undefined ? {} : { warning }) };
  } catch (error) {
    if (error instanceof InputError) return { file, diagnostics: error.diagnostics };
    throw error;
  }
}
