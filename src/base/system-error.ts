/** What the system refused, as an error of the world: a full disk or a program that does not answer is no bug of ours. */
import { WorldError } from './errors.ts';

/**
 * @param error anything that was thrown
 * @returns the error itself if it is no error of a system call (errno(3)), else a WorldError with a code of its own
 */
export function asWorldError(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const { code, path, message } = error;
  return worldError(meanings[code] ?? other(code), path, [message], error);
}

/** For who finds a disk full before a call is refused: somebody else's was, who said nothing. */
export const diskFull = (path: string, details: readonly string[], cause: unknown): WorldError =>
  worldError(full, path, details, cause);

function worldError(
  { stable, what, exitCode, hint }: Meaning,
  path: string | undefined,
  details: readonly string[],
  cause: unknown,
): WorldError {
  return new WorldError(path === undefined ? what : `${what}: ${path}`, {
    code: stable,
    exitCode,
    details,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

type SystemError = Error & { readonly code: string; readonly path?: string };

/** Node's own errors have codes that begin with ERR_. */
const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error && 'code' in error && /^E(?!RR_)[A-Z0-9]+$/.test(String(error.code));

interface Meaning {
  /** Code of the WorldError. */
  readonly stable: string;
  readonly what: string;
  readonly exitCode: 3 | 4;
  readonly hint?: string;
}

const full: Meaning = {
  stable: 'disk-full',
  what: 'the disk is full',
  exitCode: 3,
  hint: 'make room, or put labs elsewhere (TIERLAB_HOME) and runs elsewhere (--runs)',
};
const forbidden: Meaning = {
  stable: 'not-permitted',
  what: 'this is not permitted',
  exitCode: 3,
  hint: 'labs are in TIERLAB_HOME, runs in the folder of --runs: both must be your own',
};
const files: Meaning = {
  stable: 'too-many-files',
  what: 'too many files are open',
  exitCode: 3,
  hint: 'allow more with `ulimit -n 4096`',
};
const exhausted: Meaning = {
  stable: 'out-of-resources',
  what: 'the system has no memory or no processes left',
  exitCode: 3,
  hint: 'end other programs, or allow more with `ulimit`',
};
const gone: Meaning = {
  stable: 'file-missing',
  what: 'a file is not there',
  exitCode: 4,
  hint: 'if the folder of a lab was removed, `tierlab down` clears away what is left of it',
};
const silent: Meaning = {
  stable: 'not-answering',
  what: 'a program of the lab does not answer',
  exitCode: 4,
  hint: '`tierlab ps` shows which of them live',
};

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: {
    stable: 'read-only',
    what: 'this can only be read',
    exitCode: 3,
    hint: 'put labs elsewhere (TIERLAB_HOME) and runs elsewhere (--runs)',
  },
  EMFILE: files,
  ENFILE: files,
  ENOMEM: exhausted,
  EAGAIN: exhausted,
  ENOENT: gone,
  ENOTDIR: gone,
  ECONNREFUSED: silent,
  ECONNRESET: silent,
  EPIPE: silent,
  ETIMEDOUT: silent,
};

const other = (code: string): Meaning => ({
  stable: 'system-error',
  what: `the system refused (${code})`,
  exitCode: 4,
});
