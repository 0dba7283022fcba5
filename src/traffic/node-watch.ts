/** What nodes say of themselves while a run lasts: recorded where it differs from what they said last. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { NodeEvent } from '../verdict/history.ts';

export class NodeWatch {
  readonly #lab: LiveLab;
  readonly #record: (event: NodeEvent) => void;
  readonly #now: () => number;
  /** By node; undefined: it could not be asked. */
  readonly #said = new Map<string, Readonly<Record<string, number>> | undefined>();
  /** Nodes that have not answered yet: a frozen one lets its asker wait for seconds. */
  readonly #asked = new Map<string, Promise<void>>();
  /** Until when a node that took long to answer is left in peace, by our clock. */
  readonly #rests = new Map<string, number>();
  #isExpected: (node: PlannedNode) => boolean = () => false;
  #timer: NodeJS.Timeout | undefined;

  constructor(lab: LiveLab, record: (event: NodeEvent) => void, now: () => number) {
    this.#lab = lab;
    this.#record = record;
    this.#now = now;
  }

  /**
   * Asks every node now and then until `stop`: each half second those of which somebody expects something, the others each second. One that
   * has not answered yet is not asked again, and one whose answer takes long, because the processor is full, is asked less
   * often, and first of all the others: what watches must not be the load.
   */
  start(isExpected: (node: PlannedNode) => boolean): void {
    this.#isExpected = isExpected;
    this.#timer = setInterval(() => {
      const t = this.#now();
      void this.#look(this.#lab.plan.nodes.filter(({ name }) => (this.#rests.get(name) ?? 0) <= t));
    }, 500);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#asked.values());
  }

  /** Asks every node, and waits for those that answer within a second. */
  look(): Promise<void> {
    return this.#look(this.#lab.plan.nodes);
  }

  async #look(nodes: readonly PlannedNode[]): Promise<void> {
    const answers = nodes.map((node) => {
      const asked =
        this.#asked.get(node.name) ?? this.#ask(node).finally(() => this.#asked.delete(node.name));
      this.#asked.set(node.name, asked);
      return asked;
    });
    const patience = new AbortController();
    await Promise.race([
      Promise.all(answers),
      delay(1000, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  }

  async #ask(node: PlannedNode): Promise<void> {
    const { measure } = this.#lab.kindOf(node);
    if (measure === undefined) return;
    const begun = this.#now();
    this.#tell(node.name, await measure(this.#lab.view(node)).catch(() => undefined));
    const answered = this.#now();
    const { leastMs, share, mostMs } = this.#isExpected(node) ? rests.expected : rests.other;
    this.#rests.set(node.name, answered + Math.max(leastMs, Math.min(mostMs, share * (answered - begun))));
  }

  #tell(node: string, values: Readonly<Record<string, number>> | undefined): void {
    const known = this.#said.has(node);
    const before = this.#said.get(node);
    this.#said.set(node, values);
    // A figure that was read after something changed must not say that it was so before.
    const t = this.#now();
    if (values === undefined) {
      if (!known || before !== undefined) this.#record({ type: 'node', t, node, values: {}, silent: true });
      return;
    }
    const changed = Object.entries(values).filter(([name, value]) => before?.[name] !== value);
    if (changed.length > 0) this.#record({ type: 'node', t, node, values: Object.fromEntries(changed) });
  }
}

/** How long a node is left in peace: so many times as long as its answer took, within limits. Those that rest at least so long miss one turn. */
const rests = {
  expected: { leastMs: 0, share: 4, mostMs: 2000 },
  other: { leastMs: 700, share: 8, mostMs: 4000 },
} as const;
