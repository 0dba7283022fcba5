import { type Diagnostic, exitCodes, formatDiagnostic, InputError } from '../../base/errors.ts';
import { kindTable } from '../../kinds/index.ts';
import { loadTopology, planTopology } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { isScenarioFile, loadLab, scenarioFile } from '../scenarios.ts';

/** Checks every file and tells all problems of all of them. */
export async function validate(context: Context, files: readonly string[]): Promise<number> {
  const results = await Promise.all(files.map(check));
  const diagnostics = results.flatMap((result) => result.diagnostics);
  for (const { file, diagnostics: found } of results)
    context.print(found.length === 0 ? `${file}: fine` : found.map(formatDiagnostic).join('\n'));
  context.printJson({ valid: diagnostics.length === 0, files: results });
  return diagnostics.length === 0 ? exitCodes.pass : exitCodes.badInput;
}

async function check(file: string): Promise<{ file: string; diagnostics: readonly Diagnostic[] }> {
  try {
    const path = await scenarioFile(file);
    if (await isScenarioFile(path)) await loadLab(path);
    else planTopology(await loadTopology(path, kindTable), kindTable);
    return { file, diagnostics: [] };
  } catch (error) {
    if (error instanceof InputError) return { file, diagnostics: error.diagnostics };
    throw error;
  }
}
