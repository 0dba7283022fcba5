import { setTimeout as delay } from 'node:timers/promises';
import { WorldError } from './errors.ts';
import { formatDuration } from './units.ts';

/** What a probe found: `ok`, and in any case what it saw, for the error of a wait that timed out. */
export interface Probe {
  readonly ok: boolean;
  readonly saw: string;
}

export interface UntilOptions {
  readonly withinMs: number;
  /** What is waited for, as a clause: "every router has every L4 as next hop". */
  readonly why: string;
  /** First pause between two probes; it grows by half each time, to `mostMs`. */
  readonly everyMs?: number;
  /** Default ten times `everyMs`. */
  readonly mostMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Stable code of the error that a timeout throws. */
  readonly code?: string;
  readonly hint?: string;
}

/**
 * Waits until `probe` says ok. Never sleeps blindly: the error of a timeout says what was waited for and what
 * the last probe saw. A probe that throws ends the wait with that error.
 * @throws WorldError (exit code 4) after `withinMs`
 */
export async function until(probe: () => Promise<Probe> | Probe, options: UntilOptions): Promise<Probe> {
  const { withinMs, why, everyMs = 50, mostMs = everyMs * 10, signal, code = 'timeout', hint } = options;
  const start = performance.now();
  for (let pause = everyMs; ; pause = Math.min(pause * 1.5, mostMs)) {
    signal?.throwIfAborted();
    const found = await probe();
    if (found.ok) return found;
    const left = withinMs - (performance.now() - start);
    if (left <= 0) {
      throw new WorldError(`waited ${formatDuration(withinMs)} for: ${why}`, {
        code,
        exitCode: 4,
        details: [`last seen: ${found.saw}`],
        ...(hint === undefined ? {} : { hint }),
      });
    }
    await delay(Math.min(pause, left), undefined, signal === undefined ? {} : { signal });
  }
}
