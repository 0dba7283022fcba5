/**
 * Where each flow goes, measured: the balancers' own connection tables say which flows they carry and how long ago the
 * last packet of each came through. A flow is on the node where that was most recent; a tie (the tables count in whole
 * seconds) leaves it where it was.
 */
import { OneAtATime } from '../base/one-at-a-time.ts';
import type { LiveLab } from '../lab/index.ts';
import type { EntryEvent, LookEvent, PathEvent } from '../verdict/history.ts';

interface Place {
  readonly l4: string;
  readonly l7: string;
}

/** What the tables said of a flow when they were looked at last. */
export type Sighting = Omit<EntryEvent, 'type' | 'client'>;

export class PathWatch {
  readonly #lab: LiveLab;
  readonly #record: (event: PathEvent | LookEvent) => void;
  readonly #now: () => number;
  readonly #places = new Map<string, Place>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #looks = new OneAtATime(() => this.#look());
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> | undefined;

  constructor(lab: LiveLab, record: (event: PathEvent | LookEvent) => void, now: () => number) {
    this.#lab = lab;
    this.#record = record;
    this.#now = now;
  }

  /** Looks now and then every `everyMs`, one look at a time, until `stop`. */
  start(everyMs: number): void {
    this.#timer = setInterval(() => {
      // Where looks take longer than that, more of them would make each even longer.
      if (!this.#looks.isRunning) void this.look();
    }, everyMs);
  }

  /** One look at all tables that begins now or later: what came before is in the tables. */
  look(): Promise<void> {
    return this.#looks.run();
  }

  /** @param client `address:port` */
  sighting(client: string): Sighting | undefined {
    return this.#sightings.get(client);
  }

  /** Looks once more, and then no more. */
  stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#last ??= this.look();
    return this.#last;
  }

  async #look(): Promise<void> {
    await this.#lab.refresh();
    const begun = this.#now();
    const best = new Map<string, Place & { idle: number; client: string; service: string; state?: string }>();
    for (const { node, flows } of await this.#lab.flows()) {
      for (const { client, service, target, idleSeconds, state } of flows) {
        const key = `${service} ${client}`;
        const rival = best.get(key);
        const closer = rival === undefined || idleSeconds < rival.idle;
        const tie = rival !== undefined && idleSeconds === rival.idle && this.#places.get(key)?.l4 === node;
        if (closer || tie)
          best.set(key, {
            l4: node,
            l7: target,
            idle: idleSeconds,
            client,
            service,
            ...(state === undefined ? {} : { state }),
          });
      }
    }
    // A table that was read after something changed must not say that it was so before.
    const t = this.#now();
    if (t - begun > quickMs) this.#record({ type: 'look', t, ms: Math.round(t - begun) });
    for (const [key, { l4, l7, client, service, state, idle }] of best) {
      const said = { t, service, l4, l7, idleSeconds: idle };
      this.#sightings.set(client, state === undefined ? said : { ...said, state });
      const before = this.#places.get(key);
      if (before?.l4 === l4 && before.l7 === l7) continue;
      this.#places.set(key, { l4, l7 });
      this.#record({
        type: 'path',
        t,
        client,
        service,
        l4,
        l7,
        ...(before === undefined ? {} : { from: before.l4 }),
      });
    }
  }
}

/** Longer than a look takes where there is nothing else to do. */
const quickMs = 250;
