import type { Expecting } from './expecting.ts';
import type { Expectation, MetricOperand, Operator } from './expression.ts';
import { formatMeasured } from './format.ts';
import { measure, type Views } from './measure.ts';
import type { Unit } from './metric.ts';
import type { Recording } from './recording.ts';
import type { ExpectationJudgement } from './types.ts';

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
    const left = figure(parsed.metric, views, recording);
    if (typeof left === 'string') return unknown(left);
    const leftText = formatMeasured(left.value, left.unit);
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
