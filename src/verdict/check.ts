import { suggest } from '../base/suggest.ts';
import {
  type Expectation,
  type LiteralOperand,
  type MetricOperand,
  marksOf,
  parseExpectation,
  type Window,
} from './expression.ts';
import { foretoldMetrics, isForetold } from './foretold.ts';
import { causes } from './held.ts';
import type { Unit } from './metric.ts';
import { argumentOf, findMetric, metricNames, type TrafficType } from './metrics.ts';
import { findReading, readingNames } from './nodes.ts';
import { ExpressionError } from './tokens.ts';

/** What an expectation can refer to. */
export interface ExpectationScope {
  readonly traffic: readonly { readonly name: string; readonly type: TrafficType }[];
  /** Names of the timeline's entries, heals included. */
  readonly faults: readonly string[];
  /** Names of the nodes. */
  readonly nodes: readonly string[];
  readonly tiers: readonly string[];
  /** Nodes and tiers that can be asked while they run, with what they can be asked for. */
  readonly measured: readonly {
    readonly name: string;
    readonly measures: Readonly<Record<string, 'gauge' | 'counter'>>;
  }[];
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

function check({ metric, operand, tolerance, within }: Expectation, scope: ExpectationScope): void {
  const unit = checkMetric(metric, scope);
  if (within !== undefined) checkWithin(within, metric, operand, scope);
  if (operand.type === 'oracle') {
    checkForetold(metric);
  } else if (operand.type === 'literal') {
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

/** Sets are foretold for the whole timeline, and only some are. */
function checkForetold({ traffic, path, window, text, column }: MetricOperand): void {
  if (!isForetold(path)) {
    const known = foretoldMetrics.map((name) => `${traffic}.${name}`).join(', ');
    throw new ExpressionError(column, `the oracle does not foretell ${text}\nit foretells: ${known}`);
  }
  if (window === undefined) return;
  throw new ExpressionError(
    window.column,
    `the oracle foretells the timeline as a whole: leave out "${window.text}"`,
  );
}

function checkMetric(metric: MetricOperand, scope: ExpectationScope): Unit {
  const { traffic, path, window } = metric;
  const type = scope.traffic.find(({ name }) => name === traffic)?.type;
  const { unit, windowed } =
    type === undefined ? nodeMetric(metric, scope) : trafficMetric(metric, type, scope);
  if (window === undefined) return unit;
  if (!windowed) {
    throw new ExpressionError(
      window.column,
      `${traffic}.${path} is the same at all times: leave out "${window.text}"`,
    );
  }
  checkMarks(window, scope);
  return unit;
}

function trafficMetric(
  { path, column, traffic }: MetricOperand,
  type: TrafficType,
  scope: ExpectationScope,
): { unit: Unit; windowed: boolean } {
  const at = column + traffic.length + 1;
  const found = findMetric(type, path);
  if (found === undefined) {
    const known = suggest(
      path,
      metricNames(type, { node: ['<node>'], tier: ['<tier>'] }),
      `metrics of ${type}`,
    );
    throw new ExpressionError(at, `there is no metric "${path}"\n${known}`);
  }
  const { metric, argument } = found;
  const what = argumentOf(metric.name);
  const known = { cause: causes, node: scope.nodes, tier: scope.tiers };
  if (what !== undefined) checkKnown(argument, what, known[what], at + metric.name.indexOf('<'));
  return metric;
}

function nodeMetric(
  { traffic: name, path, column }: MetricOperand,
  { traffic, measured, nodes }: ExpectationScope,
): { unit: Unit; windowed: boolean } {
  const measures = measured.find((one) => one.name === name)?.measures;
  if (measures === undefined) {
    const known = [...traffic, ...measured].map((one) => one.name);
    throw new ExpressionError(
      column,
      `there is no traffic, node or tier "${name}" that could be asked\n${suggest(name, known, 'there are')}`,
    );
  }
  const at = column + name.length + 1;
  const found = findReading(path, measures);
  if (found === undefined) {
    const known = suggest(path, readingNames(measures), `metrics of ${name}`);
    throw new ExpressionError(at, `there is no metric "${path}"\n${known}`);
  }
  const { argument, reading } = found;
  if (argument !== undefined) checkKnown(argument, 'node', nodes, at + path.indexOf(argument));
  return { unit: reading.unit, windowed: true };
}

function checkKnown(
  given: string,
  what: 'cause' | 'node' | 'tier',
  known: readonly string[],
  column: number,
): void {
  if (known.includes(given)) return;
  throw new ExpressionError(column, `there is no ${what} "${given}"\n${suggest(given, known, `${what}s`)}`);
}

function checkMarks(window: Window, scope: ExpectationScope): void {
  for (const mark of marksOf(window)) {
    if (scope.faults.includes(mark)) continue;
    const known = suggest(mark, scope.faults, 'the timeline has');
    throw new ExpressionError(window.column, `nothing in the timeline is named "${mark}"\n${known}`);
  }
}

/** What is true at some moment must be something that has a value at every moment. */
function checkWithin(
  within: Window,
  { traffic, path, window, text }: MetricOperand,
  operand: Expectation['operand'],
  scope: ExpectationScope,
): void {
  checkMarks(within, scope);
  const measures = scope.measured.find(({ name }) => name === traffic)?.measures ?? {};
  const known = scope.traffic.every(({ name }) => name !== traffic);
  const reading = known ? findReading(path, measures)?.reading : undefined;
  if (reading?.of !== 'gauge' || reading.suffix !== '' || window !== undefined)
    throw new ExpressionError(
      within.column,
      `${text} has no value at a moment: "within" goes with what a node or tier is now, such as l4-1.servers_up`,
    );
  if (operand.type !== 'literal')
    throw new ExpressionError(operand.column, '"within" goes with a number, not with another metric');
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
  number: '1.2',
};
