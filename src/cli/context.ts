/** What every command gets: how to talk, and when to stop. */
import { Chalk, type ChalkInstance } from 'chalk';
import { plain, plainButColours } from '../base/plain.ts';
import type { Progress, Report } from '../base/progress.ts';
import { StatusBlock } from './status-block.ts';

export interface Context {
  readonly version: string;
  readonly format: 'text' | 'json';
  /** Progress and logs: stderr. */
  readonly report: Report;
  /** Lines that stay at the bottom of the terminal until they are replaced. Absent: stderr is no terminal, or to be quiet. */
  readonly status?: (lines: readonly string[]) => void;
  /** Results: stdout. Text only in text format, the one JSON document only in JSON format. */
  readonly print: (text: string) => void;
  readonly printJson: (document: unknown) => void;
  /** For stdout. */
  readonly colour: ChalkInstance;
  readonly width: number;
  /** Aborts on SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
}

export interface GlobalOptions {
  readonly format?: 'text' | 'json';
  readonly quiet?: boolean;
  readonly color?: boolean;
}

export function createContext(
  version: string,
  { format = 'text', quiet = false, color }: GlobalOptions,
  signal: AbortSignal,
): Context {
  const colour = new Chalk(colourLevel(process.stdout, color));
  const block = quiet || !process.stderr.isTTY ? undefined : new StatusBlock(process.stderr);
  const above = (write: () => void): void => (block === undefined ? write() : block.above(write));
  const report = quiet ? quietReport() : progressReport(new Chalk(colourLevel(process.stderr, color)));
  return {
    version,
    format,
    report: (progress) => above(() => report({ ...progress, message: plain(progress.message) })),
    ...(block === undefined ? {} : { status: (lines) => block.show(lines) }),
    print: (text) => {
      const lines = plainButColours(text.endsWith('\n') ? text : `${text}\n`);
      if (format === 'text') above(() => process.stdout.write(lines));
    },
    printJson: (document) => {
      // JSON leaves these as they are, and a terminal obeys them.
      const escaped = (found: string): string => `\\u00${found.charCodeAt(0).toString(16)}`;
      const text = (): string => JSON.stringify(document, null, 2).replace(/[\u007f-\u009f]/g, escaped);
      if (format === 'json') process.stdout.write(`${text()}\n`);
    },
    colour,
    width: process.stdout.columns ?? 100,
    signal,
  };
}

/** NO_COLOR (no-color.org), FORCE_COLOR, --no-color, and otherwise whether it is a terminal. */
function colourLevel(stream: NodeJS.WriteStream, wanted: boolean | undefined): { level: 0 | 1 } {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (wanted === false || (NO_COLOR !== undefined && NO_COLOR !== '')) return { level: 0 };
  return { level: stream.isTTY || (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') ? 1 : 0 };
}

function progressReport(chalk: ChalkInstance): Report {
  const start = performance.now();
  return ({ type, message }: Progress) => {
    if (type === 'end') return;
    const time = chalk.dim(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)}s`);
    const text = { step: message, detail: chalk.dim(message), warning: chalk.yellow(`warning: ${message}`) }[
      type
    ];
    process.stderr.write(`${time}  ${text}\n`);
  };
}

function quietReport(): Report {
  return ({ type, message }) => {
    if (type === 'warning') process.stderr.write(`warning: ${message}\n`);
  };
}
