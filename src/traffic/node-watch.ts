/** What nodes say of themselves while a run lasts: recorded where it differs from what they said last. */
import type { LiveLab } from '../lab/index.ts';
import type { NodeEvent } from '../verdict/history.ts';

export class NodeWatch {
  readonly #lab: LiveLab;
  readonly #record: (event: NodeEvent) => void;
  readonly #now: () => number;
  /** By node; undefined: it could not be asked. */
  readonly #said = new Map<string, Readonly<Record<string, number>> | undefined>();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(lab: LiveLab, record: (event: NodeEvent) => void, now: () => number) {
    this.#lab = lab;
    this.#record = record;
    this.#now = now;
  }

  /** Looks now and then every `everyMs` until `stop`; a look that takes longer is not joined by another. */
  start(everyMs: number): void {
    this.#timer = setInterval(() => void this.look(), everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.look();
  }

  /** One look at all nodes, or the end of the one that is under way. */
  look(): Promise<void> {
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #look(): Promise<void> {
    await Promise.all(
      this.#lab.plan.nodes.map(async (node) => {
        const kind = this.#lab.kindOf(node);
        if (kind.measure === undefined) return;
        const values = await kind.measure(this.#lab.view(node)).catch(() => undefined);
        this.#tell(node.name, values);
      }),
    );
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
