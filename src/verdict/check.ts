import { suggest } from '../base/suggest.ts';
import {
  type Expectation,
  type LiteralOperand,
  type MetricOperand,
  marksOf,
  parseExpectation,
} from './expression.ts';
import { causes } from './held.ts';
import type { Unit } from './metric.ts';
import { findMetric, metricNames, type TrafficType } from './metrics.ts';
import { ExpressionError } from './tokens.ts';

/** What an expectation can refer to. */
export interface ExpectationScope {
  readonly traffic: readonly { readonly name: string; readonly type: TrafficType }[];
  /** Names of the timeline's entries, heals included. */
  readonly faults: readonly string[];
  /** Names of the nodes. */
  readonly nodes: readonly string[];
}

/**
 * Can this expectation be judged: does it parse, do its traffic, metrics, windows and nodes exist, can its two sides
 * be compared?
 * @returns what is wrong: a sentence that begins with the column and, on a second line, what is known or meant;
 * undefined: nothing is wrong
 */
export function checkExpectation(expression: string, scope: ExpectationScope): string | undefined {
  try {
    check(parseExpectation(expression), scope);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return `column ${error.column}: ${error.message}`;
    throw error;
  }
}

function check({ metric, operand, tolerance }: Expectation, scope: ExpectationScope): void {
  const unit = checkMetric(metric, scope);
  if (operand.type === 'literal') {
    checkLiteral(operand, unit, metric.text);
  } else {
    const other = checkMetric(operand, scope);
    if (other !== unit) {
      const message = `${operand.text} is a ${other} and cannot be compared with ${metric.text}, which is a ${unit}`;
      throw new ExpressionError(operand.column, message);
    }
  }
  if (tolerance === undefined) return;
  if (tolerance.value < 0) throw new ExpressionError(tolerance.column, 'a tolerance cannot be negative');
  if (tolerance.unit !== 'ratio') checkLiteral(tolerance, unit, metric.text);
}

function checkMetric({ traffic, path, window, column }: MetricOperand, scope: ExpectationScope): Unit {
  const names = scope.traffic.map(({ name }) => name);
  const type = scope.traffic.find(({ name }) => name === traffic)?.type;
  if (type === undefined) {
    throw new ExpressionError(
      column,
      `there is no traffic "${traffic}"\n${suggest(traffic, names, 'traffic')}`,
    );
  }
  const at = column + traffic.length + 1;
  const found = findMetric(type, path);
  if (found === undefined) {
    const known = suggest(path, metricNames(type, ['<node>']), `metrics of ${type}`);
    throw new ExpressionError(at, `there is no metric "${path}"\n${known}`);
  }
  const { metric, argument } = found;
  const allowed = metric.name.endsWith('<cause>')
    ? causes
    : metric.name.endsWith('<node>')
      ? scope.nodes
      : undefined;
  if (allowed !== undefined && !allowed.includes(argument)) {
    const what = metric.name.endsWith('<cause>') ? 'cause' : 'node';
    const argumentAt = at + path.length - argument.length;
    throw new ExpressionError(
      argumentAt,
      `there is no ${what} "${argument}"\n${suggest(argument, allowed, `${what}s`)}`,
    );
  }
  if (window === undefined) return metric.unit;
  if (!metric.windowed) {
    throw new ExpressionError(
      window.column,
      `${traffic}.${path} is the same at all times: leave out "${window.text}"`,
    );
  }
  for (const mark of marksOf(window)) {
    if (scope.faults.includes(mark)) continue;
    const known = suggest(mark, scope.faults, 'the timeline has');
    throw new ExpressionError(window.column, `nothing in the timeline is named "${mark}"\n${known}`);
  }
  return metric.unit;
}

/** A bare number fits a count and a ratio; a bare 0 fits everything. */
function checkLiteral({ unit, value, text, column }: LiteralOperand, wanted: Unit, metric: string): void {
  if (unit === wanted || (unit === 'number' && (wanted === 'count' || wanted === 'ratio' || value === 0)))
    return;
  const is = unit === 'number' ? `${text} has no unit` : `${text} is a ${unit}`;
  throw new ExpressionError(column, `${metric} is a ${wanted}, ${is}: write it like ${examples[wanted]}`);
}

const examples: Readonly<Record<Unit, string>> = {
  count: '5',
  duration: '2.5s',
  ratio: '0.1%',
  rate: '50/s',
};
