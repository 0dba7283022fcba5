import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { WorldError } from '../base/errors.ts';
import { afterOwnTime } from '../base/own-time.ts';
import type { ExecOptions, ExecResult, Exit, HostProcess } from './contract.ts';

/** Runs a started program to its end and collects what it says: `exec` is `spawn` with this around it. */
export async function collect(
  argv: readonly string[],
  program: HostProcess,
  { input, timeoutMs = 30_000, signal }: ExecOptions,
): Promise<ExecResult> {
  const stdout = gather(program.stdout);
  const stderr = gather(program.stderr);
  if (input !== undefined) program.stdin.end(input);

  let reject: (error: unknown) => void = () => {};
  const stopped = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  const stop = (error: unknown): void => {
    program.kill('SIGKILL');
    reject(error);
  };
  const onAbort = (): void => stop(signal?.reason);
  const cancel = afterOwnTime(timeoutMs, () => {
    const details = [`stdout: ${tail(stdout.text())}`, `stderr: ${tail(stderr.text())}`];
    stop(
      new WorldError(`"${argv.join(' ')}" did not end within ${timeoutMs / 1000} s and was killed`, {
        code: 'exec-timeout',
        exitCode: 4,
        details,
      }),
    );
  });
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  try {
    const exit = await Promise.race([program.exited, stopped]);
    await Promise.all([stdout.ended, stderr.ended]);
    return { ...exit, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** How a program ended, from what the kernel reports: 128 + n where signal n ended it. */
export function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal !== null) return { exitCode: 128 + constants.signals[signal], signal };
  return { exitCode: code ?? 0 };
}

/** The error of a program that could not be started. `code` is the system's: ENOENT, EACCES, … */
export function startFailure(
  argv: readonly string[],
  { code, message }: { code?: string | undefined; message: string },
): WorldError {
  const program = argv[0] ?? '';
  const details = [`argv: ${argv.join(' ')}`, `error: ${message}`];
  if (code !== 'ENOENT') {
    return new WorldError(`cannot start "${program}": ${code ?? message}`, {
      code: 'program-unusable',
      exitCode: 4,
      details,
    });
  }
  return new WorldError(`cannot start "${program}": there is no such program`, {
    code: 'program-missing',
    exitCode: 3,
    hint: 'run "tierlab doctor" to see what is missing and "tierlab setup" to install it',
    details,
  });
}

function gather(readable: Readable): { text: () => string; ended: Promise<void> } {
  const chunks: Buffer[] = [];
  readable.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => {
    readable.once('end', resolve);
    readable.once('close', resolve);
    readable.once('error', () => resolve());
  });
  return { text: () => Buffer.concat(chunks).toString('utf8'), ended };
}

const tail = (text: string): string => text.slice(-400).trim() || '(nothing)';
