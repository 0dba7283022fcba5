import type { Judgement, ScenarioResult } from './types.ts';

/** A scenario's judged runs, and what the report shows beside them. */
export type JudgedRuns = Omit<ScenarioResult, 'verdict' | 'reasons'>;

/**
 * The verdict of a scenario from its run and its control. The control is judged by its own expectations, which name
 * how it must break: if they do not hold, the scenario shows nothing and is unknown (unless the run itself failed).
 */
export function judgeScenario(runs: JudgedRuns): ScenarioResult {
  const { main, control } = runs;
  const reasons = [...main.reasons, ...(control === undefined ? [] : controlReasons(control))];
  const unproven = main.verdict === 'pass' && control !== undefined && control.verdict !== 'pass';
  return { ...runs, verdict: unproven ? 'unknown' : main.verdict, reasons };
}

function controlReasons({ verdict, believable, reasons }: Judgement): string[] {
  if (verdict === 'pass') return [];
  const what = believable ? 'did not break as named' : 'cannot be believed';
  return [`the control ${what}: ${reasons.join('; ')}`];
}
