import { type Expectation, parseExpectation } from './expression.ts';
import { findMetric } from './metrics.ts';

/** An expectation of a history: one that cannot be parsed is judged unknown, it does not end the judging. */
export interface Expecting {
  readonly expression: string;
  readonly parsed?: Expectation;
  readonly problem?: string;
}

export function expectingOf(expressions: readonly string[]): Expecting[] {
  return expressions.map((expression) => {
    try {
      return { expression, parsed: parseExpectation(expression) };
    } catch (error) {
      return { expression, problem: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** Does one of these expectations refer to what the oracle foretells? It costs time, so it is asked only then. */
export function asksOracle(expressions: readonly string[]): boolean {
  return expectingOf(expressions).some(({ parsed }) => {
    if (parsed === undefined) return false;
    const sides = [parsed.metric, parsed.operand];
    return sides.some(
      (side) =>
        side.type === 'oracle' ||
        (side.type === 'metric' && findMetric('held-tcp', side.path)?.metric.needs === 'prediction'),
    );
  });
}
