import { plain } from '../base/plain.ts';

/** Columns as wide as their content; the last one may run on. `paint` colours a padded cell. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  paint?: (cell: string, column: number, row: readonly string[]) => string,
): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const pad = (cell: string, column: number): string =>
    column === header.length - 1 ? cell : cell.padEnd(widths[column] ?? 0);
  const line = (row: readonly string[], painted: boolean): string =>
    header
      .map((_, column) => {
        const cell = pad(row[column] ?? '', column);
        return painted && paint !== undefined ? paint(cell, column, row) : cell;
      })
      .join('  ')
      .trimEnd();
  return [line(header, false), ...cells.map((row) => line(row, true))].join('\n');
}
