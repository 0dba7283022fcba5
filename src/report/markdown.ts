import type { Judgement, ScenarioResult } from '../verdict/index.ts';
import type { Failure } from './failure.ts';
import { figureRows } from './figures.ts';
import { disagreementRows, oracleRows } from './oracle.ts';
import { protectionOff, sentence } from './sentence.ts';
import { spreadRows, spreads, spreadTitle } from './spread.ts';
import { formatTime, happenings } from './story.ts';
import { plain } from './text.ts';
import { broken, stalled, type Troubled } from './troubled.ts';

/** For a job's summary or a pull request: one section a scenario, and first a table if there are several. */
export function reportMarkdown(
  results: readonly ScenarioResult[],
  failures: readonly Failure[] = [],
): string {
  const several = results.length + failures.length > 1;
  const sections = [
    ...(several ? [overview(results, failures)] : []),
    ...failures.map(failureSection),
    ...results.map(section),
  ];
  return sections.join('\n');
}

function overview(results: readonly ScenarioResult[], failures: readonly Failure[]): string {
  const rows = [
    ...failures.map(({ name, message }) => [`${icons.unknown} no verdict`, name, message]),
    ...results.map((result) => [`${icons[result.verdict]} ${result.verdict}`, result.name, sentence(result)]),
  ];
  const repeated = spreads(results).flatMap((spread) => {
    const [head = [], ...figuresOf] = spreadRows(spread);
    return [`**${cell(spreadTitle(spread))}**`, '', ...table(head, figuresOf)];
  });
  return [...table(['verdict', 'scenario', ''], rows), ...repeated].join('\n');
}

function failureSection({ name, message, details, hint, runDir }: Failure): string {
  const lines = [
    `## ${icons.unknown} no verdict: ${cell(name)}`,
    '',
    `${cell(message)}${hint === undefined ? '' : ` (${cell(hint)})`}`,
    '',
    ...details.map((line) => `- ${code(line)}`),
    '',
    `saved in ${code(runDir)}`,
    '',
  ];
  return lines.join('\n');
}

function section(result: ScenarioResult): string {
  const { name, verdict, reasons, main, control, runDir } = result;
  const lines = [
    `## ${icons[verdict]} ${verdict}: ${cell(name)}`,
    '',
    `${cell(sentence(result))}.`,
    '',
    ...reasons.map((reason) => `- ${cell(reason)}`),
    ...(reasons.length === 0 ? [] : ['']),
    ...table(
      ['when', 'what', ''],
      happenings(main).map(({ atMs, what, text }) => [formatTime(atMs), what, text]),
    ),
    ...expectations('Expected', main),
    ...(control === undefined
      ? []
      : expectations(`Expected of the control, with ${protectionOff(control)}`, control)),
    ...figures(result),
    ...foretold('Foretold', main),
    ...(control === undefined ? [] : foretold('Foretold of the control', control)),
    ...broken('Broken connections', main, { rows: 20, stories: 3 }).flatMap(troubled),
    ...stalled('Stalled connections', main, { rows: 5, stories: 2 }).flatMap(troubled),
    ...(control === undefined
      ? []
      : broken('Broken connections of the control', control, { rows: 20, stories: 3 }).flatMap(troubled)),
    `${cell(main.host)} host, Linux ${cell(main.kernel)}, seed ${main.seed}, saved in ${code(runDir)}`,
    '',
  ];
  return lines.join('\n');
}

const icons = { pass: '✅', fail: '❌', unknown: '❔' } as const;

function expectations(title: string, { expectations: all }: Judgement): string[] {
  const rows = all.map(({ expression, verdict, actualText, reason }) => [
    `${icons[verdict]} ${expression}`,
    reason ?? actualText,
  ]);
  return table([title, 'actual'], rows);
}

function figures(result: ScenarioResult): string[] {
  const [head = [], ...rows] = figureRows(result);
  return table(
    head,
    rows.map((row) => row.map((text) => text.trim())),
  );
}

function foretold(title: string, run: Judgement): string[] {
  const [head, ...rows] = oracleRows(run);
  if (head === undefined) return [];
  const [headOfFlows, ...flows] = disagreementRows(run, 20);
  return [
    `**${title}**`,
    '',
    ...table(head, rows),
    ...(headOfFlows === undefined ? [] : table(headOfFlows, flows)),
  ];
}

function troubled({ title, rows: [head = [], ...rows], remarks, stories }: Troubled): string[] {
  return [
    `**${title}**`,
    '',
    ...table(head, rows),
    ...remarks.flatMap((remark) => [remark, '']),
    ...stories.flatMap(({ client, lines }) => [
      `Of ${cell(client)}:`,
      '',
      ...lines.map((line) => `- ${cell(line)}`),
      '',
    ]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line), ''];
}

/** Text that breaks neither the table nor the page, and shows as it is: no link, picture, markup or emphasis. */
function cell(text: string): string {
  return plain(text)
    .replace(/[\\|`*[\]~&]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replaceAll('<', '&lt;');
}

const code = (text: string): string => `\`${plain(text).replaceAll('`', "'")}\``;
