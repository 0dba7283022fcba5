/** What `tierlab watch` sees of a lab each second, and what it knows from the seconds before. */
import { open } from 'node:fs/promises';
import { type LedgerEntry, type LiveLab, ledgerEntries } from '../lab/index.ts';
import { isKept, readTraffic } from '../traffic/index.ts';
import type { HistoryEvent } from '../verdict/history.ts';
import { type NodeStatus, statusOf } from './node-status.ts';

export interface Frame {
  readonly lab: string;
  readonly host: string;
  /** ms since the epoch */
  readonly t: number;
  readonly nodes: readonly NodeStatus[];
  /** By L4 node: live flows, and how many go to each L7. */
  readonly flows: readonly { readonly node: string; readonly targets: Readonly<Record<string, number>> }[];
  readonly traffic?: TrafficFrame;
  readonly faults: readonly LedgerEntry[];
  /** The latest, oldest first. */
  readonly events: readonly string[];
}

export interface TrafficFrame {
  readonly underWay: boolean;
  readonly open: number;
  readonly broken: Readonly<Record<string, number>>;
  /** In the last second. */
  readonly beats: number;
  readonly requests: number;
  readonly failed: number;
  readonly slowestMs: number;
  /** Since its start. */
  readonly failedInAll: number;
}

/** A flow without a packet for longer is not alive: heartbeats come more often. */
const aliveSeconds = 3;
const eventsKept = 8;

/** Looks at one lab again and again. */
export class Watching {
  readonly #live: LiveLab;
  readonly #states = new Map<string, string>();
  readonly #events: string[] = [];
  #history = '';
  #position = 0;
  #rest = '';
  #open = 0;
  #failedInAll = 0;
  readonly #broken = new Map<string, number>();

  constructor(live: LiveLab) {
    this.#live = live;
  }

  async look(): Promise<Frame> {
    const live = this.#live;
    await live.refresh();
    const [nodes, flows, faults, traffic] = await Promise.all([
      Promise.all(live.plan.nodes.map((node) => statusOf(live, node))),
      live.flows(),
      ledgerEntries(live.paths),
      this.#readTraffic(),
    ]);
    for (const { node, state } of nodes) {
      const before = this.#states.get(node);
      this.#states.set(node, state);
      if (before !== undefined && before !== state) this.#note(Date.now(), `${node} is ${state}`);
    }
    return {
      lab: live.paths.name,
      host: live.host.name,
      t: Date.now(),
      nodes,
      flows: flows.map(({ node, flows: all }) => ({ node, targets: countTargets(all) })),
      ...(traffic === undefined ? {} : { traffic }),
      faults,
      events: this.#events.slice(-eventsKept),
    };
  }

  #note(t: number, text: string): void {
    this.#events.push(`${new Date(t).toTimeString().slice(0, 8)}  ${text}`);
    if (this.#events.length > 4 * eventsKept) this.#events.splice(0, eventsKept);
  }

  async #readTraffic(): Promise<TrafficFrame | undefined> {
    const traffic = await readTraffic(this.#live.paths);
    if (traffic === undefined) return undefined;
    if (traffic.history !== this.#history) {
      this.#history = traffic.history;
      this.#position = 0;
      this.#rest = '';
      this.#open = 0;
      this.#failedInAll = 0;
      this.#broken.clear();
    }
    const latest = { beats: 0, requests: 0, failed: 0, slowestMs: 0 };
    const since = Date.now() - 1000;
    for (const event of await this.#newEvents()) {
      this.#count(event);
      if (event.t < since || (event.type !== 'beat' && event.type !== 'request')) continue;
      if (event.type === 'beat') latest.beats += 1;
      else {
        latest.requests += 1;
        if (event.cause !== undefined) latest.failed += 1;
      }
      latest.slowestMs = Math.max(latest.slowestMs, event.ms);
    }
    return {
      underWay: await isKept(traffic),
      open: this.#open,
      broken: Object.fromEntries(this.#broken),
      failedInAll: this.#failedInAll,
      ...latest,
    };
  }

  #count(event: HistoryEvent): void {
    if (event.type === 'open') this.#open += 1;
    else if (event.type === 'close') {
      this.#open -= 1;
      if (event.cause !== undefined) this.#broken.set(event.cause, (this.#broken.get(event.cause) ?? 0) + 1);
    } else if (event.type === 'request' && event.cause !== undefined) this.#failedInAll += 1;
    else if (event.type === 'phase') this.#note(event.t, `traffic: ${event.phase}`);
    else if (event.type === 'fault')
      this.#note(event.t, `${event.name}: ${event.landed ? 'landed' : 'DID NOT LAND'}: ${event.evidence}`);
  }

  /** What was appended since the last look, at most some megabytes at a time. */
  async #newEvents(): Promise<HistoryEvent[]> {
    const file = await open(this.#history, 'r').catch(() => undefined);
    if (file === undefined) return [];
    try {
      const { size } = await file.stat();
      const buffer = Buffer.allocUnsafe(Math.min(mostBytes, size - this.#position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position);
      this.#position += bytesRead;
      const lines = (this.#rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HistoryEvent);
    } finally {
      await file.close();
    }
  }
}

const mostBytes = 16 << 20;

function countTargets(
  flows: readonly { readonly target: string; readonly idleSeconds: number }[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { target, idleSeconds } of flows)
    if (idleSeconds <= aliveSeconds) counts[target] = (counts[target] ?? 0) + 1;
  return counts;
}
