import { plain } from './plain.ts';

/** Where in a user's file something is wrong. `line` and `column` count from 1. */
export interface Location {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One problem in something the user wrote. */
export interface Diagnostic extends Location {
  readonly message: string;
  /** What to do about it, or what is known: "did you mean …", "known kinds: …". */
  readonly hint?: string;
}

/** The documented exit codes of the command line. */
export const exitCodes = {
  pass: 0,
  fail: 1,
  badInput: 2,
  environment: 3,
  labFailed: 4,
  unknown: 5,
  /** A bug in tierlab, with its stack (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  interrupted: 130,
} as const;

/** The user's input is wrong: carries every problem that one stage found. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
    this.diagnostics = diagnostics;
  }
}

export function formatDiagnostic({ file, line, column, message, hint }: Diagnostic): string {
  const where = [file, line, line === undefined ? undefined : column]
    .filter((part) => part !== undefined)
    .join(':');
  return `${plain(`${where} ${message}`)}${hint === undefined ? '' : `\n    ${plain(hint)}`}`;
}

export interface WorldErrorOptions {
  /** Stable, machine-readable: `host-unusable`, `guest-died`, `node-not-ready`, `daemon-exited`, … */
  readonly code: string;
  readonly exitCode: 3 | 4;
  /** The remedy: what the user can do now. */
  readonly hint?: string;
  /** Evidence, one line each: argv, exit code, stderr's tail, last probe answer, log tail. */
  readonly details?: readonly string[];
  /** What was done all the same: stands beside the error in its JSON document, which is the only one. */
  readonly result?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The world did not do what it should: a missing program, a daemon that died, a guest that is gone. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
  readonly code: string;
  readonly exitCode: 3 | 4;
  readonly hint?: string;
  readonly details: readonly string[];
  readonly result: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    { code, exitCode, hint, details = [], result = {}, cause }: WorldErrorOptions,
  ) {
    super(message, { cause });
    this.code = code;
    this.exitCode = exitCode;
    this.details = details;
    this.result = result;
    if (hint !== undefined) this.hint = hint;
  }
}

/** The user pressed Ctrl-C, or something sent SIGTERM or SIGHUP. Exit code 130, after teardown. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
