import type { ChalkInstance } from 'chalk';
import type { ExpectationJudgement, Judgement, ScenarioResult, Verdict } from '../verdict/index.ts';
import { figureRows } from './figures.ts';
import { disagreementRows, oracleRows } from './oracle.ts';
import { protectionOff, sentence } from './sentence.ts';
import { formatTime, type Happening, happenings } from './story.ts';
import { clip, columns, plain, wrap } from './text.ts';
import { broken, stalled, type Troubled } from './troubled.ts';

export interface TerminalOptions {
  /** With the level that the terminal can show; level 0 writes plain text. */
  readonly colour: ChalkInstance;
  /** Of the terminal, in columns. */
  readonly width: number;
}

/**
 * One scenario for a person: what happened, the figures with the control's beside them, each expectation with its
 * actual figure, the broken connections, and last, where a terminal stops scrolling, the verdict.
 */
export function reportTerminal(
  result: ScenarioResult,
  { colour, width: available }: TerminalOptions,
): string {
  const width = Math.max(60, Math.min(available, 120));
  const { main, control } = result;
  const troubles = [
    ...broken('Broken connections', main, { rows: 20, stories: mostStories }, isNarrow(width)),
    ...stalled('Stalled connections', main, { rows: 3, stories: 1 }),
    ...(control === undefined
      ? []
      : broken(
          'Broken connections of the control',
          control,
          { rows: 3, stories: mostStories },
          isNarrow(width),
        )),
  ];
  const sections = [
    [colour.bold(clip(plain(result.name), width)), colour.dim(plain(result.file))],
    whatHappened(main, colour, width),
    figures(result, colour, width),
    expected('Expected', main, colour, width),
    ...(control === undefined
      ? []
      : [expected(`Expected of the control, with ${protectionOff(control)}`, control, colour, width)]),
    ...foretold('Foretold', main, 5, colour, width),
    ...(control === undefined ? [] : foretold('Foretold of the control', control, 3, colour, width)),
    ...troubles.map((some) => troubled(some, colour, width)),
    verdict(result, colour, width),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function whatHappened(main: Judgement, colour: ChalkInstance, width: number): string[] {
  const list = happenings(main);
  const times = list.map(({ atMs }) => formatTime(atMs));
  const longest = Math.max(0, ...times.map((time) => time.length));
  const tones: Readonly<Record<Happening['tone'], (line: string) => string>> = {
    plain: (line) => line,
    good: colour.green,
    bad: colour.red,
    unsure: colour.yellow,
  };
  // Laid out together, painted one by one: a wrapped line belongs to the happening above it.
  const rows = list.map(({ what, text }, i) => [(times[i] ?? '').padStart(longest), what, text]);
  const nameWidth = Math.max(0, ...rows.map((row) => row[1]?.length ?? 0));
  const lines = list.flatMap(({ tone }, i) => {
    const [time = '', what = '', text = ''] = rows[i] ?? [];
    return columns([[time, what.padEnd(nameWidth), text]], width).map((line) => tones[tone](line));
  });
  return [
    colour.bold('What happened'),
    ...(lines.length === 0 ? ['  nothing: the timeline never began'] : lines),
  ];
}

function figures(result: ScenarioResult, colour: ChalkInstance, width: number): string[] {
  const [head = [], ...rows] = figureRows(result);
  const [headLine = '', ...lines] = columns(
    [['Figures', ...head.slice(1)], ...rows.map(indent)],
    width,
    0,
    3,
  );
  return [colour.bold(headLine), ...lines];
}

const indent = ([first = '', ...rest]: readonly string[]): string[] => [`  ${first}`, ...rest];

function expected(title: string, run: Judgement, colour: ChalkInstance, width: number): string[] {
  const rows = run.expectations.map((one) => [`${marks[one.verdict]} ${plain(one.expression)}`, actual(one)]);
  const longest = Math.max(0, ...rows.map(([first = '']) => first.length));
  const lines = run.expectations.flatMap((one, i) => {
    const [first = '', text = ''] = rows[i] ?? [];
    const paint = run.believable ? painter(one.verdict, colour) : colour.dim;
    return columns([[first.padEnd(longest), text]], width).map((line) =>
      one.verdict === 'pass' ? line.replace(marks.pass, paint(marks.pass)) : paint(line),
    );
  });
  const doubt = run.believable ? '' : colour.yellow(' — does not count: the run cannot be believed');
  return [colour.bold(plain(title)) + doubt, ...(lines.length === 0 ? ['  nothing'] : lines)];
}

const marks: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', unknown: '?' };

function actual({ actualText, reason, verdict }: ExpectationJudgement): string {
  return verdict === 'unknown' ? plain(reason ?? actualText) : `actual ${actualText}`;
}

function foretold(
  title: string,
  run: Judgement,
  most: number,
  colour: ChalkInstance,
  width: number,
): string[][] {
  const rows = oracleRows(run);
  if (rows.length === 0) return [];
  return [
    [colour.bold(title), ...columns(rows, width, 2, 3), ...columns(disagreementRows(run, most), width, 4, 2)],
  ];
}

function troubled(
  { title, rows, remarks, stories }: Troubled,
  colour: ChalkInstance,
  width: number,
): string[] {
  const [head = '', ...lines] = columns(rows, width, 2, isNarrow(width) ? 1 : 2);
  const told = stories.flatMap(({ client, lines: known }) => [
    `  of ${client}`,
    ...known.flatMap((line) => wrap(line, width - 6)).map((line) => `      ${line}`),
  ]);
  return [
    colour.bold(title),
    colour.dim(head),
    ...lines,
    ...remarks.map((remark) => `  ${remark}`),
    ...told.map((line) => colour.dim(line)),
  ];
}

const isNarrow = (width: number): boolean => width < 100;

/** What else is known is told of so many; the other reports tell more. */
const mostStories = 2;

function verdict(result: ScenarioResult, colour: ChalkInstance, width: number): string[] {
  const { verdict: word, name, reasons, main, control, runDir } = result;
  const paint = painter(word, colour);
  const badge = ` ${word.toUpperCase()} `;
  const head = `${colour.inverse(paint(badge))}  ${colour.bold(clip(plain(name), width - 4 - badge.length))}`;
  const body = [
    ...wrap(sentence(result), width - 4),
    ...reasons.flatMap((reason) =>
      wrap(plain(reason), width - 6).map((line, i) => (i === 0 ? `• ${line}` : `  ${line}`)),
    ),
  ];
  const from = `${main.host} host, Linux ${main.kernel}, seed ${main.seed}, saved in ${runDir}`;
  const facts = [...wrap(plain(from), width - 4), plain(`judge it again: tierlab judge ${runDir}`)];
  // Most often it is the machine, and a newcomer cannot know.
  if (!main.believable || control?.believable === false)
    facts.push('it says nothing either way: try again; if the machine was busy, with --jobs 1');
  const line = paint('━'.repeat(width));
  return [
    line,
    `  ${head}`,
    ...body.map((text) => `  ${text}`),
    ...facts.map((text) => `  ${colour.dim(text)}`),
    line,
  ];
}

function painter(verdict: Verdict, colour: ChalkInstance): (text: string) => string {
  return { pass: colour.green, fail: colour.red, unknown: colour.yellow }[verdict];
}
