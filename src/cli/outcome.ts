import { exitCodes } from '../base/errors.ts';
import type { Failure, ScenarioResult } from '../report/index.ts';

/**
 * The worst of what was found. Fail beats unknown beats pass; a scenario that could not take place says less than a failed
 * expectation and more than `unknown`.
 */
export function exitCodeOf(
  results: readonly Pick<ScenarioResult, 'verdict'>[],
  failures: readonly Pick<Failure, 'exitCode'>[] = [],
): number {
  const verdicts = results.map(({ verdict }) => verdict);
  if (verdicts.includes('fail')) return exitCodes.fail;
  if (failures.length > 0) return Math.max(...failures.map(({ exitCode }) => exitCode));
  return verdicts.includes('unknown') ? exitCodes.unknown : exitCodes.pass;
}
