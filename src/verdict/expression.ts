/**
 * The language of expectations: `held.blackout.max in crash..+5s < 2.5s`.
 *
 *   expectation = metric op operand ["within" range] | metric "~" operand ("±" | "+-") literal | metric "~" "oracle" [("±" | "+-") literal]
 *   metric      = traffic "." path [window]
 *   window      = "in" range | "before" mark | "after" mark
 *   range       = mark ".." (mark | "end" | "+" duration)
 *   operand     = number | percentage | duration | rate | metric
 *
 * A mark is the name of an entry of the timeline. What exists is not known here: see check.ts.
 */
import { parseDuration, parseRate } from '../base/units.ts';
import { ExpressionError, type Token, tokenize } from './tokens.ts';

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '~';

/** Where a window ends: at a mark, some time after its start, or with the run. */
type WindowEnd =
  | { readonly type: 'mark'; readonly mark: string }
  | { readonly type: 'later'; readonly ms: number }
  | { readonly type: 'end' };

/** A stretch of time, from its first instant to just before its last. `before`: from steady state on. */
export type Window = {
  readonly mark: string;
  readonly text: string;
  /** Of the first word, from 1. */
  readonly column: number;
} & ({ readonly type: 'between'; readonly until: WindowEnd } | { readonly type: 'before' });

export interface MetricOperand {
  readonly type: 'metric';
  readonly traffic: string;
  /** What follows the traffic's name: `broken.rst`. */
  readonly path: string;
  readonly window?: Window;
  readonly text: string;
  /** From 1, in the expression. */
  readonly column: number;
}

/** `number` has no unit; a percentage is a `ratio` (0.1 % → 0.001); a `duration` is in ms; a `rate` is per second. */
export interface LiteralOperand {
  readonly type: 'literal';
  readonly unit: 'number' | 'ratio' | 'duration' | 'rate';
  readonly value: number;
  readonly text: string;
  readonly column: number;
}

/** The set of flows that was foretold: the measured set is held against it, flow by flow. */
interface OracleOperand {
  readonly type: 'oracle';
  readonly text: string;
  readonly column: number;
}

type Operand = MetricOperand | LiteralOperand | OracleOperand;

export interface Expectation {
  readonly expression: string;
  readonly metric: MetricOperand;
  readonly operator: Operator;
  readonly operand: Operand;
  /** Only with `~`. */
  readonly tolerance?: LiteralOperand;
  /** It need not hold all the time, but at some moment of this window. */
  readonly within?: Window;
}

/** @throws ExpressionError, with the column and one sentence */
export function parseExpectation(expression: string): Expectation {
  const reader = readerOf(tokenize(expression), expression);
  const metric = readMetric(reader);
  const operator = readOperator(reader);
  const operand = readOperand(reader);
  if (operand.type === 'oracle' && operator !== '~')
    throw new ExpressionError(operand.column, 'sets of flows are held against the oracle with "~"');
  const tolerance = operator === '~' ? readTolerance(reader, operand) : undefined;
  const within = reader.takeIf('word', 'within');
  const window = within && readRange(reader, within);
  const rest = reader.peek();
  if (rest !== undefined) throw reader.unexpected('the end of the expectation');
  return {
    expression: expression.trim(),
    metric,
    operator,
    operand,
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(window === undefined ? {} : { within: window }),
  };
}

/** The names that a window refers to. */
export function marksOf(window: Window): string[] {
  return window.type === 'between' && window.until.type === 'mark'
    ? [window.mark, window.until.mark]
    : [window.mark];
}

interface Reader {
  peek(): Token | undefined;
  take(type: Token['type'], wanted: string): Token;
  takeIf(type: Token['type'], text?: string): Token | undefined;
  unexpected(wanted: string): ExpressionError;
}

function readerOf(tokens: readonly Token[], expression: string): Reader {
  let at = 0;
  const reader: Reader = {
    peek: () => tokens[at],
    takeIf: (type, text) => {
      const token = tokens[at];
      if (token?.type !== type || (text !== undefined && token.text !== text)) return undefined;
      at += 1;
      return token;
    },
    take: (type, wanted) => {
      const token = reader.takeIf(type);
      if (token === undefined) throw reader.unexpected(wanted);
      return token;
    },
    unexpected: (wanted) => {
      const token = tokens[at];
      const found = token === undefined ? 'the expectation ends here' : `found "${token.text}"`;
      return new ExpressionError(
        token?.column ?? expression.trimEnd().length + 1,
        `expected ${wanted}, ${found}`,
      );
    },
  };
  return reader;
}

function readMetric(reader: Reader): MetricOperand {
  const name = reader.take('word', 'a metric such as held.broken');
  const dot = name.text.indexOf('.');
  if (dot < 0) {
    throw new ExpressionError(
      name.column,
      `"${name.text}" is no metric: write the name of a traffic, a dot and the metric, such as held.broken`,
    );
  }
  const window = readWindow(reader);
  return {
    type: 'metric',
    traffic: name.text.slice(0, dot),
    path: name.text.slice(dot + 1),
    ...(window === undefined ? {} : { window }),
    text: window === undefined ? name.text : `${name.text} ${window.text}`,
    column: name.column,
  };
}

function readWindow(reader: Reader): Window | undefined {
  const first =
    reader.takeIf('word', 'before') ?? reader.takeIf('word', 'after') ?? reader.takeIf('word', 'in');
  if (first === undefined) return undefined;
  if (first.text === 'in') return readRange(reader, first);
  const mark = reader.take('word', `the name of a fault after "${first.text}"`).text;
  const { column } = first;
  if (first.text === 'before') return { type: 'before', mark, text: `before ${mark}`, column };
  return { type: 'between', mark, until: { type: 'end' }, text: `after ${mark}`, column };
}

/** @param first the word before it: `in` or `within` */
function readRange(reader: Reader, first: Token): Window {
  const mark = reader.take('word', `the name of a fault after "${first.text}"`).text;
  reader.take('range', `".." and the window's end after "${mark}" (such as ${mark}..+5s or ${mark}..end)`);
  const { until, text } = readWindowEnd(reader);
  return { type: 'between', mark, until, text: `${first.text} ${mark}..${text}`, column: first.column };
}

function readWindowEnd(reader: Reader): { until: WindowEnd; text: string } {
  if (reader.takeIf('plus')) {
    const token = reader.take('literal', 'a duration such as 5s after "+"');
    const ms = parseDuration(token.text);
    if (ms === undefined || ms <= 0)
      throw new ExpressionError(token.column, `"${token.text}" is no duration (such as 5s or 500ms)`);
    return { until: { type: 'later', ms }, text: `+${token.text}` };
  }
  const { text } = reader.take('word', 'the window\'s end: +5s, the name of a fault, or "end"');
  return { until: text === 'end' ? { type: 'end' } : { type: 'mark', mark: text }, text };
}

function readOperator(reader: Reader): Operator {
  return reader.take('operator', 'a comparison (== != < <= > >= ~)').text as Operator;
}

function readOperand(reader: Reader): Operand {
  const token = reader.takeIf('literal');
  if (token !== undefined) return literal(token);
  if (reader.peek()?.type !== 'word')
    throw reader.unexpected('a number, percentage, duration, rate or metric');
  const oracle = reader.takeIf('word', 'oracle');
  if (oracle !== undefined) return { type: 'oracle', text: oracle.text, column: oracle.column };
  return readMetric(reader);
}

/** Flow by flow, no tolerance is a tolerance of none; between two figures it would be "==". */
function readTolerance(reader: Reader, { type }: Operand): LiteralOperand | undefined {
  if (type === 'oracle' && reader.peek() === undefined) return undefined;
  reader.take('tolerance', '"±" (or "+-") and a tolerance: a ~ without one says nothing');
  return literal(reader.take('literal', 'a tolerance after "±": a number, percentage or duration'));
}

function literal({ text, column }: Token): LiteralOperand {
  if (/^-?\d+(\.\d+)?$/.test(text))
    return { type: 'literal', unit: 'number', value: Number(text), text, column };
  if (/^-?\d+(\.\d+)?%$/.test(text)) {
    return { type: 'literal', unit: 'ratio', value: Number(text.slice(0, -1)) / 100, text, column };
  }
  const duration = parseDuration(text);
  if (duration !== undefined) return { type: 'literal', unit: 'duration', value: duration, text, column };
  const rate = parseRate(text);
  if (rate !== undefined) return { type: 'literal', unit: 'rate', value: rate, text, column };
  throw new ExpressionError(
    column,
    `"${text}" is no number (5), percentage (0.1%), duration (2.5s) or rate (50/s)`,
  );
}
