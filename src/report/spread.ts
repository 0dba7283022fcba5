/** What the same scenario measured each time it ran. */
import type { ExpectationJudgement, ScenarioResult, Verdict } from '../verdict/index.ts';

export interface Spread {
  readonly name: string;
  readonly file: string;
  readonly runs: number;
  /** How many runs had each verdict. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly figures: readonly FigureSpread[];
}

/** Of the figure of one expectation, over all runs that could measure it. Null: none could. */
interface FigureSpread {
  readonly role: 'main' | 'control';
  readonly expression: string;
  /** In how many runs it held. */
  readonly held: number;
  readonly min: number | null;
  /** Of an even number of runs, the lower of the two in the middle: a figure that was measured. */
  readonly median: number | null;
  readonly max: number | null;
  /** The same three for people. */
  readonly texts: readonly [min: string, median: string, max: string];
}

/** Of each scenario that ran more than once, in order. A saved run has a copy of its scenario: the file does not tell. */
export function spreads(results: readonly ScenarioResult[]): Spread[] {
  const groups = new Map<string, ScenarioResult[]>();
  for (const result of results) {
    const key = JSON.stringify([result.name, result.main.expectations.map(({ expression }) => expression)]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(result);
  }
  return [...groups.values()].filter((runs) => runs.length > 1).map(spreadOf);
}

function spreadOf(runs: readonly ScenarioResult[]): Spread {
  const count = (verdict: Verdict): number => runs.filter((run) => run.verdict === verdict).length;
  return {
    name: runs[0]?.name ?? '',
    file: runs[0]?.file ?? '',
    runs: runs.length,
    verdicts: { pass: count('pass'), fail: count('fail'), unknown: count('unknown') },
    figures: (['main', 'control'] as const).flatMap((role) => figuresOf(role, runs)),
  };
}

function figuresOf(role: 'main' | 'control', runs: readonly ScenarioResult[]): FigureSpread[] {
  const all = runs.flatMap((run) => run[role]?.expectations ?? []);
  const expressions = [...new Set(all.map(({ expression }) => expression))];
  return expressions.map((expression) => {
    const measured = all.filter((one) => one.expression === expression);
    const sorted = measured
      .filter((one): one is ExpectationJudgement & { actual: number } => one.actual !== null)
      .toSorted((a, b) => a.actual - b.actual);
    const three = [sorted[0], sorted[(sorted.length - 1) >> 1], sorted.at(-1)] as const;
    const [min, median, max] = three;
    return {
      role,
      expression,
      held: measured.filter(({ verdict }) => verdict === 'pass').length,
      min: min?.actual ?? null,
      median: median?.actual ?? null,
      max: max?.actual ?? null,
      texts: [min?.actualText ?? '–', median?.actualText ?? '–', max?.actualText ?? '–'],
    };
  });
}

/** "an L4 node crashes: 9 of 10 runs passed, 1 failed" */
export function spreadTitle({ name, runs, verdicts }: Spread): string {
  const others = [
    ...(verdicts.fail === 0 ? [] : [`${verdicts.fail} failed`]),
    ...(verdicts.unknown === 0 ? [] : [`${verdicts.unknown} unknown`]),
  ];
  return [`${name}: ${verdicts.pass} of ${runs} runs passed`, ...others].join(', ');
}

/** Rows of cells, the head first. */
export function spreadRows({ figures, runs }: Spread): string[][] {
  return [
    ['', 'held', 'min', 'median', 'max'],
    ...figures.map(({ role, expression, held, texts }) => [
      role === 'control' ? `control: ${expression}` : expression,
      `${held}/${runs}`,
      // What it was held against stands in the report of each run; three times in a row nobody could read it.
      ...texts.map((text) => text.replace(/ \(.*\)$/, '')),
    ]),
  ];
}
