import { exitCodes, formatDiagnostic, InputError, Interrupted, WorldError } from '../base/errors.ts';
import { HistoryError } from '../verdict/index.ts';
import type { Context } from './context.ts';

/** Exit code of a bug (EX_SOFTWARE of sysexits.h): the one that is not documented as an outcome. */
const bugExitCode = 70;

/** Says what went wrong, to a person on stderr or to a machine on stdout. @returns the exit code */
export function reportFailure(error: unknown, { format, printJson }: Context, interrupted: boolean): number {
  const { exitCode, text, document } = describe(error, interrupted);
  if (format === 'json') printJson({ error: document });
  else process.stderr.write(`${text}\n`);
  return exitCode;
}

function describe(
  error: unknown,
  interrupted: boolean,
): { exitCode: number; text: string; document: Record<string, unknown> } {
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
        message: `${error.diagnostics.length} problems`,
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
    const { message, code, details, hint } = error;
    return {
      exitCode: error.exitCode,
      text: [
        `error: ${message}`,
        ...details.map((line) => `    ${line}`),
        ...(hint === undefined ? [] : [`  → ${hint}`]),
      ].join('\n'),
      document: { code, message, details, ...(hint === undefined ? {} : { hint }) },
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: bugExitCode,
    text: `This is a bug in tierlab, please report it:\n${stack}`,
    document: { code: 'bug', message: String(error), stack },
  };
}
