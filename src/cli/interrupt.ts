import { setMaxListeners } from 'node:events';
import { exitCodes } from '../base/errors.ts';
import type { Context } from './context.ts';

/** Ctrl-C, kill and a closed terminal all mean: stop, clean up, then end. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** What was thrown where nobody could catch it: everything stops as at Ctrl-C, and this is why. */
  readonly uncaught: () => { readonly error: unknown } | undefined;
  /** Lets the signals have their default effect again. */
  forget(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  // Every wait of a lab listens to it, many at a time.
  setMaxListeners(0, controller.signal);
  let abortedAt = 0;
  const abort = (name?: unknown): void => {
    if (!controller.signal.aborted) {
      abortedAt = performance.now();
      controller.abort();
    } else if (name === 'SIGINT' && performance.now() - abortedAt > againMs)
      process.exit(exitCodes.interrupted);
  };
  for (const signal of signals) process.on(signal, abort);
  let uncaught: { error: unknown } | undefined;
  // Also a promise that was rejected and that nobody waits for.
  const onUncaught = (error: unknown): void => {
    uncaught ??= { error };
    abort();
    setTimeout(() => process.exit(exitCodes.bug), graceMs).unref();
  };
  process.on('uncaughtException', onUncaught);
  // The terminal may be gone while there is still something to clean up; a reader such as `head` may close stdout.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    signal: controller.signal,
    uncaught: () => uncaught,
    forget() {
      process.off('uncaughtException', onUncaught);
      for (const signal of signals) process.off(signal, abort);
    },
  };
}

/** One Ctrl-C may come twice: from the terminal, and from whoever started us. Another one is a person who does not want to wait. */
const againMs = 1000;

/** How long cleaning up may take once something went wrong that nobody foresaw. */
const graceMs = 60_000;

/** For commands that have something to take down: the user sees that Ctrl-C was heard. */
export function announceCleanup({ signal, report }: Pick<Context, 'signal' | 'report'>): void {
  const message = 'interrupted: cleaning up (Ctrl-C again: leave it to `tierlab down`)';
  signal.addEventListener('abort', () => report({ type: 'warning', message }), { once: true });
}
