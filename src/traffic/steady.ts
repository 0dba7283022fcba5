/**
 * Is the traffic well? Fed with every event; the steady state is reached when nothing has gone wrong for long enough
 * since all held connections stood.
 */
import type { HistoryEvent } from '../verdict/history.ts';

/** An answer slower than this is not steady. */
const slowMs = 1000;

export class SteadyWatch {
  #wellSince: number | undefined;
  #lost = false;
  #lastTrouble = 'not all held connections are open yet';

  /** All connections stand: from now on it counts. */
  allOpen(now: number): void {
    this.#wellSince ??= now;
  }

  see(event: HistoryEvent, now: number): void {
    const trouble = troubleIn(event);
    if (trouble === undefined) return;
    this.#lastTrouble = trouble;
    this.#lost ||= event.type === 'close' || event.type === 'open-failed';
    if (this.#wellSince !== undefined) this.#wellSince = now;
  }

  /** @returns how long all has been well, in ms (0 if not all connections stand) */
  wellFor(now: number): number {
    return this.#wellSince === undefined ? 0 : now - this.#wellSince;
  }

  /** A held connection is gone: it does not come back, so there will be no steady state. */
  get lost(): boolean {
    return this.#lost;
  }

  get lastTrouble(): string {
    return this.#lastTrouble;
  }
}

function troubleIn(event: HistoryEvent): string | undefined {
  switch (event.type) {
    case 'beat':
      return event.ms > slowMs
        ? `${event.traffic}: flow ${event.flow} was answered after ${Math.round(event.ms)} ms`
        : undefined;
    case 'close':
    case 'open-failed':
    case 'request':
      return event.cause === undefined
        ? undefined
        : `${event.traffic}: ${event.type} with ${event.cause}${event.detail === undefined ? '' : ` (${event.detail})`}`;
    default:
      return undefined;
  }
}
