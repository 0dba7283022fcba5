import { type Expectation, parseExpectation } from './expression.ts';

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
