import type { Judgement, Verdict } from './types.ts';

/**
 * The verdict of a scenario from its run and its control. The control is judged by its own expectations, which name
 * how it must break: if they do not hold, the scenario shows nothing and is unknown (unless the run itself failed).
 */
export function judgeScenario(main: Judgement, control?: Judgement): { verdict: Verdict; reasons: string[] } {
  const reasons = [...main.reasons, ...(control === undefined ? [] : controlReasons(control))];
  if (main.verdict !== 'pass' || control === undefined) return { verdict: main.verdict, reasons };
  return { verdict: control.verdict === 'pass' ? 'pass' : 'unknown', reasons };
}

function controlReasons({ verdict, believable, reasons }: Judgement): string[] {
  if (verdict === 'pass') return [];
  if (!believable) return [`the control cannot be believed: ${reasons.join('; ')}`];
  return [`the control did not break as named: ${reasons.join('; ')}`];
}
