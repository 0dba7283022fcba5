/** Laying text out in a terminal of a certain width. All lengths are of plain text: colour comes last. */

/** Text from outside (evidence, log lines) must not move the cursor or ring the bell. */
export function plain(text: string): string {
  return harmless(text).trim();
}

const harmless = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

/** Shortened with an ellipsis if it is too long. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Lines of at most `width`, broken at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of harmless(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** One cell beside the other, each as wide as its widest; the last is wrapped into what is left of the width. */
export function columns(cells: readonly (readonly string[])[], width: number, indent = 2, gap = 2): string[] {
  const rows = cells.map((row) => row.map(harmless));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(0, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.flatMap((row) => {
    const head = row.slice(0, -1).map((cell, i) => cell.padEnd((widths[i] ?? 0) + gap));
    const first = ' '.repeat(indent) + head.join('');
    const rest = wrap(row.at(-1) ?? '', Math.max(12, width - first.length));
    return rest
      .map((line, i) => (i === 0 ? first : ' '.repeat(first.length)) + line)
      .map((line) => line.trimEnd());
  });
}
