import type { ChalkInstance } from 'chalk';
import type { ScenarioResult, Verdict } from '../verdict/index.ts';
import type { Failure } from './failure.ts';
import { sentence } from './sentence.ts';
import { spreadRows, spreads, spreadTitle } from './spread.ts';
import type { TerminalOptions } from './terminal.ts';
import { clip, columns, plain } from './text.ts';

/** Several scenarios at a glance, below their reports: the spread of those that were repeated, and a line for each. */
export function reportSummary(
  results: readonly ScenarioResult[],
  failures: readonly Failure[],
  { colour, width: available }: TerminalOptions,
): string {
  const width = Math.max(60, Math.min(available, 120));
  const lines = [
    ...failures.map(({ name, message }) => ['no verdict', name, message]),
    ...results.map((result) => [result.verdict, result.name, sentence(result)]),
  ];
  const tone = (word: string): ((text: string) => string) => paint(colour)[word as Verdict] ?? colour.yellow;
  const sections = [
    ...spreads(results).map((spread) => [
      colour.bold(plain(spreadTitle(spread))),
      ...columns(spreadRows(spread), width),
    ]),
    [colour.bold('All scenarios'), ...rows(lines, width).map(([word, text]) => tone(word)(text))],
  ];
  return `${sections.map((section) => section.join('\n')).join('\n\n')}\n`;
}

/** Names longer than this are cut: they stand in full above. */
const longestName = 48;

/** Laid out together, painted each by its first cell. */
function rows(lines: readonly (readonly string[])[], width: number): [word: string, text: string][] {
  const cells = lines.map(([word = '', name = '', text = '']) => [
    word,
    clip(plain(name), longestName),
    text,
  ]);
  const widest = (i: number): number => Math.max(0, ...cells.map((line) => line[i]?.length ?? 0));
  const widths = [widest(0), widest(1)] as const;
  return cells.flatMap(([word = '', name = '', text = '']) =>
    columns([[word.padEnd(widths[0]), name.padEnd(widths[1]), text]], width).map((line): [string, string] => [
      word,
      line,
    ]),
  );
}

const paint = (colour: ChalkInstance): Readonly<Record<Verdict, (text: string) => string>> => ({
  pass: colour.green,
  fail: colour.red,
  unknown: colour.yellow,
});
