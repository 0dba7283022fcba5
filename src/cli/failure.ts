import { exitCodes, formatDiagnostic, InputError, Interrupted, WorldError } from '../base/errors.ts';
import { plain } from '../base/plain.ts';
import { asWorldError } from '../base/system-error.ts';
import type { Failure } from '../report/index.ts';
import { HistoryError } from '../verdict/index.ts';
import type { Context } from './context.ts';

/** Says what went wrong, to a person on stderr or to a machine on stdout. @returns the exit code */
export function reportFailure(error: unknown, { format, printJson }: Context, interrupted: boolean): number {
  const { exitCode, text, document, result } = describe(error, interrupted);
  if (format === 'json') printJson({ ...result, error: document });
  else process.stderr.write(`${text}\n`);
  return exitCode;
}

/** Of an error of the world, what to save and report of the scenario that it ended. Anything else is the caller's. */
export function asFailure(
  thrown: unknown,
  scenario: Pick<Failure, 'name' | 'file' | 'runDir'>,
): Failure | undefined {
  const error = asWorldError(thrown);
  if (!(error instanceof WorldError)) return undefined;
  const { code, message, details, hint, exitCode } = error;
  return {
    ...scenario,
    code,
    exitCode,
    at: Date.now(),
    message,
    details,
    ...(hint === undefined ? {} : { hint }),
  };
}

export function describeFailure({ name, runDir, message, details, hint }: Failure): string {
  const title = `${name}: no verdict: ${message}`;
  return [...worldLines(title, details, hint), `    saved in ${runDir}`].join('\n');
}

const worldLines = (title: string, details: readonly string[], hint: string | undefined): string[] => [
  plain(title),
  // A daemon's last words may be anything.
  ...details.flatMap((text) => text.split('\n')).map((line) => `    ${plain(line)}`),
  ...(hint === undefined ? [] : [`  → ${plain(hint)}`]),
];

function describe(
  thrown: unknown,
  interrupted: boolean,
): {
  readonly exitCode: number;
  readonly text: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
} {
  const error = asWorldError(thrown);
  if (interrupted || error instanceof Interrupted) {
    return {
      exitCode: exitCodes.interrupted,
      text: 'interrupted',
      document: { code: 'interrupted', message: 'interrupted' },
    };
  }
  if (error instanceof InputError) {
    return {
      exitCode: exitCodes.badInput,
      text: error.diagnostics.map(formatDiagnostic).join('\n'),
      document: {
        code: 'bad-input',
        message: error.diagnostics.length === 1 ? '1 problem' : `${error.diagnostics.length} problems`,
        diagnostics: error.diagnostics,
      },
    };
  }
  if (error instanceof HistoryError) {
    return {
      exitCode: exitCodes.badInput,
      text: `the history cannot be judged: ${error.message}`,
      document: { code: 'bad-history', message: error.message, line: error.line },
    };
  }
  if (error instanceof WorldError) {
    const { message, code, details, hint, result } = error;
    return {
      exitCode: error.exitCode,
      text: worldLines(`error: ${message}`, details, hint).join('\n'),
      document: { code, message, details, ...(hint === undefined ? {} : { hint }) },
      result,
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: exitCodes.bug,
    text: `This is a bug in tierlab, please report it:\n${stack}`,
    document: { code: 'bug', message: String(error), stack },
  };
}
