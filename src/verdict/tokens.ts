/** An expectation that cannot be understood. `column` counts from 1; the message is one sentence without it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly column: number;

  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

export interface Token {
  readonly type: 'word' | 'literal' | 'operator' | 'tolerance' | 'range' | 'plus';
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** @throws ExpressionError at the first character that belongs to nothing */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < expression.length) {
    const rest = expression.slice(at);
    const space = /^\s+/.exec(rest);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = nextToken(rest, at + 1);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

/** In order of trying. A word may hold dots and dashes, but not two dots in a row: those are a window's range. */
const patterns: readonly (readonly [Token['type'], RegExp])[] = [
  ['tolerance', /^(?:±|\+\/-|\+-)/],
  ['range', /^\.\./],
  ['operator', /^(?:==|!=|<=|>=|<|>|~)/],
  ['plus', /^\+/],
  ['literal', /^-?\d+(?:\.\d+)?[A-Za-z%/]*/],
  ['word', /^[A-Za-z_][\w-]*(?:\.[\w-]+)*/],
];

function nextToken(rest: string, column: number): Token {
  for (const [type, pattern] of patterns) {
    const match = pattern.exec(rest);
    if (match !== null) return { type, text: match[0], column };
  }
  if (rest.startsWith('=')) throw new ExpressionError(column, '"=" is no comparison: did you mean "=="?');
  throw new ExpressionError(column, `${JSON.stringify([...rest][0])} has no meaning in an expectation`);
}
