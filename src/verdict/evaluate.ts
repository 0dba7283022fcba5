import { formatDuration } from '../base/units.ts';
import type { Expecting } from './expecting.ts';
import type { Expectation, MetricOperand, Operator, Window } from './expression.ts';
import { compareWithOracle, describeComparison, disagreeing, isForetold } from './foretold.ts';
import { formatMeasured } from './format.ts';
import { measure, measureNodes, type Views } from './measure.ts';
import type { Unit } from './metric.ts';
import type { Recording } from './recording.ts';
import { stepsWithin } from './steps.ts';
import type { ExpectationJudgement } from './types.ts';
import { missingMarks } from './windows.ts';

/** Judges one expectation. Whatever goes wrong while doing so makes this one unknown, with the reason. */
export function evaluate(
  { expression, parsed, problem }: Expecting,
  views: Views,
  recording: Recording,
): ExpectationJudgement {
  const unknown = (
    reason: string,
    actual: number | null = null,
    actualText = 'not measured',
  ): ExpectationJudgement => ({
    expression,
    verdict: 'unknown',
    actual,
    actualText,
    reason,
  });
  if (parsed === undefined) return unknown(problem ?? 'it cannot be parsed');
  try {
    if (parsed.within !== undefined) return sometime(parsed, parsed.within, expression, recording);
    const left = figure(parsed.metric, views, recording);
    if (typeof left === 'string') return unknown(left);
    const leftText = formatMeasured(left.value, left.unit);
    if (parsed.operand.type === 'oracle') return againstOracle(parsed, left.value, views);
    const right = otherSide(parsed, left.unit, views, recording);
    if (typeof right === 'string') return unknown(right, left.value, leftText);
    const holds = compare(left.value, parsed, right.value);
    return {
      expression,
      verdict: holds ? 'pass' : 'fail',
      actual: left.value,
      actualText: `${leftText}${right.note}`,
    };
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

/** Was it so at some moment of the window? */
function sometime(
  parsed: Expectation,
  within: Window,
  expression: string,
  recording: Recording,
): ExpectationJudgement {
  const { metric, operand } = parsed;
  const missing = missingMarks([within], recording.marks);
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} never happened`);
  const measured = measureNodes({ ...metric, window: within }, recording);
  if (measured === undefined) throw new Error(`this run has no metric ${metric.text}`);
  const { steps, start, end, unit, value } = measured;
  if (typeof value !== 'number') throw new Error(value.unmeasured);
  const wanted = operand.type === 'literal' ? operand.value : Number.NaN;
  const first = stepsWithin(steps, start, end).find((step) => compare(step.value, parsed, wanted));
  const base = { expression, actual: first?.value ?? value };
  return first === undefined
    ? { ...base, verdict: 'fail', actualText: `${formatMeasured(value, unit)} at the end of that time` }
    : {
        ...base,
        verdict: 'pass',
        actualText: `${formatMeasured(first.value, unit)} after ${formatDuration(first.t - start)}`,
      };
}

/** Both sets must be the same but for as many flows as the tolerance allows: a percentage is of the foretold number. */
function againstOracle(
  { expression, metric, tolerance }: Expectation,
  actual: number,
  views: Views,
): ExpectationJudgement {
  const unknown = (reason: string): ExpectationJudgement => ({
    expression,
    verdict: 'unknown',
    actual,
    actualText: String(actual),
    reason,
  });
  const view = views.held(metric.traffic);
  if (view === undefined || !isForetold(metric.path) || metric.window !== undefined)
    return unknown(`the oracle does not foretell ${metric.text}`);
  const compared = compareWithOracle(view, metric.path);
  if ('unmeasured' in compared) return unknown(compared.unmeasured);
  const { predicted, unsaid, why } = compared;
  const margin = (tolerance?.value ?? 0) * (tolerance?.unit === 'ratio' ? predicted.least : 1);
  const wrong = disagreeing(compared);
  if (wrong <= margin && wrong + unsaid > margin)
    return unknown(`the oracle cannot say it of ${unsaid} flows: ${why.join('; ')}`);
  return {
    expression,
    verdict: wrong <= margin ? 'pass' : 'fail',
    actual,
    actualText: `${actual} (${describeComparison(compared)})`,
  };
}

interface Figure {
  readonly value: number;
  readonly unit: Unit;
}

/** @returns the figure, or why there is none */
function figure(metric: MetricOperand, views: Views, recording: Recording): Figure | string {
  const { value, unit } = measure(metric, views, recording);
  return typeof value === 'number' ? { value, unit } : value.unmeasured;
}

function otherSide(
  { operand }: Expectation,
  unit: Unit,
  views: Views,
  recording: Recording,
): { value: number; note: string } | string {
  if (operand.type === 'literal') return { value: operand.value, note: '' };
  if (operand.type === 'oracle') return 'sets are not compared as figures';
  const other = figure(operand, views, recording);
  if (typeof other === 'string') return other;
  return { value: other.value, note: ` (${operand.text}: ${formatMeasured(other.value, unit)})` };
}

const comparisons: Readonly<Record<Exclude<Operator, '~'>, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** A tolerance in percent is of the right side, except where that is a ratio itself: `~ 33% ± 5%` is 28 % to 38 %. */
function compare(left: number, { operator, operand, tolerance }: Expectation, right: number): boolean {
  if (operator !== '~') return comparisons[operator](left, right);
  const relative = tolerance?.unit === 'ratio' && !(operand.type === 'literal' && operand.unit === 'ratio');
  const margin = (tolerance?.value ?? 0) * (relative ? Math.abs(right) : 1);
  return Math.abs(left - right) <= margin;
}
