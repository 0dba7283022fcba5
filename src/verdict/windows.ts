/** Windows of expectations, and when they are in a run that is still being read. */
import { type Expectation, marksOf, type Window } from './expression.ts';

/** A stretch of time in ms since the epoch: from `start` to just before `end`; infinite while not known. */
export interface Span {
  /** Absent: from steady state to the end. */
  readonly window?: Window;
  start: number;
  end: number;
}

export interface Marks {
  /** Start of steady state; infinite until it was reached. */
  readonly steadyAt: number;
  /** When the command of each fault or heal began, by name. */
  readonly times: ReadonlyMap<string, number>;
}

/** Sets the span to where its window is, by what is known now. */
export function locate(span: Span, { steadyAt, times }: Marks): void {
  const never = Number.POSITIVE_INFINITY;
  const { window } = span;
  if (window === undefined) {
    span.start = steadyAt;
    return;
  }
  const mark = times.get(window.mark) ?? never;
  if (window.type === 'before') {
    span.start = steadyAt;
    span.end = mark;
    return;
  }
  span.start = mark;
  const { until } = window;
  span.end =
    until.type === 'end'
      ? never
      : until.type === 'later'
        ? mark + until.ms
        : (times.get(until.mark) ?? never);
}

/** Where a window is, when all marks are known. */
export function spanOf(window: Window | undefined, marks: Marks): Span {
  const never = Number.POSITIVE_INFINITY;
  const span: Span = { ...(window === undefined ? {} : { window }), start: never, end: never };
  locate(span, marks);
  return span;
}

/** All windows that the expectations ask of this traffic, each once. */
export function windowsOf(expectations: readonly Expectation[], traffic: string): Window[] {
  const byText = new Map<string, Window>();
  for (const { metric, operand } of expectations) {
    for (const side of [metric, operand]) {
      if (side.type === 'metric' && side.traffic === traffic && side.window !== undefined) {
        byText.set(side.window.text, side.window);
      }
    }
  }
  return [...byText.values()];
}

/** The marks of these windows that did not happen. */
export function missingMarks(windows: readonly Window[], times: ReadonlyMap<string, number>): string[] {
  return [...new Set(windows.flatMap(marksOf))].filter((mark) => !times.has(mark));
}
