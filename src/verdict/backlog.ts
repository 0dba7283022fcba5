/**
 * A fault's event is recorded when it has landed, which is later than when it began. What was recorded in between
 * must wait until its beginning is known, or it would count in the wrong windows.
 */
export interface Backlog<Event extends { readonly t: number }> {
  /** More events had to wait than can be kept, so some were counted too early. */
  readonly overflowed: boolean;
  /** Counts the event, now or when it is clear where it belongs. */
  add(event: Event): void;
  /** Lets everything before this time go, and only what comes before it from now on. */
  openUntil(t: number): void;
}

export function backlogOf<Event extends { readonly t: number }>(
  count: (event: Event) => void,
): Backlog<Event> {
  let waiting: Event[] = [];
  let until = Number.POSITIVE_INFINITY;
  let overflowed = false;
  const release = (before: number): void => {
    const all = waiting;
    waiting = [];
    for (const event of all) {
      if (event.t < before) count(event);
      else waiting.push(event);
    }
  };
  return {
    get overflowed() {
      return overflowed;
    },
    add: (event) => {
      if (event.t < until) {
        count(event);
        return;
      }
      waiting.push(event);
      if (waiting.length <= mostWaiting) return;
      overflowed = true;
      release(Number.POSITIVE_INFINITY);
    },
    openUntil: (t) => {
      until = t;
      release(t);
    },
  };
}

/** Some minutes of a busy run, in some tens of megabytes. */
const mostWaiting = 200_000;
