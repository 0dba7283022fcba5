/** The outcomes for people. */
import { Chalk } from 'chalk';
import type { Outcome, Row, Unit } from './contract.ts';

/** @returns the table, and below it what was missed, skipped or crashed */
export function describeOutcomes(outcomes: readonly Outcome[], colours: boolean): string {
  const chalk = new Chalk({ level: colours ? 1 : 0 });
  const rows = outcomes.filter((outcome): outcome is Row => 'measured' in outcome);
  const header = ['', 'what', 'measured', 'reference', 'ratio', 'reach', ''];
  const cells = rows.map((row) => [
    row.measurement,
    row.what,
    format(row.measured, row.unit),
    row.reference === undefined ? '' : `${format(row.reference.median, row.unit)} (${row.reference.what})`,
    row.reference === undefined ? '' : `${significant(ratioOf(row))} ×`,
    describeGoal(row),
    verdictOf(row),
  ]);
  const widths = header.map((title, i) =>
    Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)),
  );
  const line = (all: readonly string[]): string =>
    all
      .map((cell, i) => paint(cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const paint = (cell: string): string => {
    if (cell.trimEnd() === 'ok') return chalk.green(cell);
    return ['MISSED', 'UNKNOWN'].includes(cell.trimEnd()) ? chalk.red(cell) : cell;
  };
  return `${[chalk.bold(line(header)), ...cells.map(line), '', ...remarks(outcomes)].join('\n')}\n`;
}

/** Is the goal reached? `undefined` without one, and where there is no figure (NaN). */
export function reaches(row: Row): boolean | undefined {
  const { goal } = row;
  if (goal === undefined || Number.isNaN(row.measured)) return undefined;
  const actual = goal.of === 'ratio' ? ratioOf(row) : row.measured;
  const above = goal.of === 'measured' ? goal.above : undefined;
  return (goal.atMost === undefined || actual <= goal.atMost) && (above === undefined || actual > above);
}

export const ratioOf = (row: Row): number => row.measured / (row.reference?.median ?? Number.NaN);

function remarks(outcomes: readonly Outcome[]): string[] {
  const lines = outcomes.flatMap((outcome): string[] => {
    if ('skipped' in outcome) return [`${outcome.measurement}: skipped: ${outcome.skipped}`];
    if ('crashed' in outcome) return [`${outcome.measurement}: CRASHED: ${outcome.crashed}`];
    return outcome.note === undefined ? [] : [`${outcome.measurement}, ${outcome.what}: ${outcome.note}`];
  });
  const missed = outcomes.filter(
    (outcome): outcome is Row => 'measured' in outcome && reaches(outcome) === false,
  );
  const summary =
    missed.length === 0
      ? 'No goal of those measured is missed.'
      : `Missed: ${missed.map(({ measurement, what }) => `${measurement} (${what})`).join(', ')}`;
  return [...lines, '', summary];
}

function verdictOf(row: Row): string {
  const reached = reaches(row);
  if (reached === undefined) return row.goal === undefined ? '' : 'UNKNOWN';
  return reached ? 'ok' : 'MISSED';
}

function describeGoal({ goal, unit }: Row): string {
  if (goal === undefined) return '';
  if (goal.of === 'ratio') return `≤ ${goal.atMost} ×`;
  return [
    ...(goal.above === undefined ? [] : [`> ${format(goal.above, unit)}`]),
    ...(goal.atMost === undefined ? [] : [`≤ ${format(goal.atMost, unit)}`]),
  ].join(', ');
}

function format(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  if (unit === 'ms') return value >= 1000 ? `${significant(value / 1000)} s` : `${significant(value)} ms`;
  return unit === 'MB' ? `${significant(value)} MB` : String(value);
}

const significant = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
