/**
 * What is known of a flow that broke or stalled from elsewhere than its own socket: what the balancer's table last said of
 * it, the way that the routers give it before and after, and what its proxy logged of the connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { endpoint } from '../base/ip.ts';
import { type LiveLab, logFile } from '../lab/index.ts';
import type { HistoryEvent, OpenEvent } from '../verdict/history.ts';
import type { SeededFlow } from './held-flows.ts';
import type { Sighting } from './path-watch.ts';

export interface TroubleSources {
  readonly flows: readonly SeededFlow[];
  /** A heartbeat that takes longer makes a stalled flow of this traffic. */
  stallMs(traffic: string): number;
  record(event: HistoryEvent): void;
  now(): number;
  /** By `address:port` of the client. */
  sighting(client: string): Sighting | undefined;
  /** Asks the routers: by client the names of the nodes on its way. Costs the lab a process a router. */
  askWays(flows: readonly SeededFlow[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A flow that broke or stalled, and from when to when it waited for an answer in vain; ms since the epoch. */
export interface Trouble {
  readonly flow: SeededFlow;
  /** The connection from its L7 to the backend, where there is one. */
  readonly onward?: NonNullable<OpenEvent['onward']>;
  readonly fromMs: number;
  readonly toMs: number;
}

export class TroubleWatch {
  readonly #from: TroubleSources;
  readonly #flows: ReadonlyMap<string, SeededFlow>;
  readonly #opened = new Map<string, OpenEvent>();
  readonly #troubled = new Map<string, Trouble>();
  #before: { readonly t: number; readonly ways: ReadonlyMap<string, readonly string[]> } | undefined;
  #waiting: SeededFlow[] = [];
  #asking: Promise<void> | undefined;
  #isOver = false;

  constructor(from: TroubleSources) {
    this.#from = from;
    this.#flows = new Map(from.flows.map((flow) => [nameOf(flow), flow]));
  }

  /** Only now does trouble count: what was before is not of this run. @param ways while all is well */
  begin(ways: ReadonlyMap<string, readonly string[]>): void {
    this.#before = { t: this.#from.now(), ways };
  }

  see(event: HistoryEvent): void {
    if (event.type === 'open') this.#opened.set(nameOf(event), event);
    if (this.#before === undefined) return;
    if (event.type !== 'close' && event.type !== 'beat') return;
    const waitedMs = event.type === 'close' ? event.waitingMs : event.ms;
    const broke = event.type === 'close' && event.cause !== undefined;
    const stalled = event.type === 'beat' && waitedMs > this.#from.stallMs(event.traffic);
    if (!broke && !stalled) return;
    const known = this.#troubled.get(nameOf(event));
    if (known !== undefined) this.#troubled.set(nameOf(event), { ...known, toMs: event.t });
    const flow = this.#flows.get(nameOf(event));
    if (flow === undefined || known !== undefined || this.#troubled.size >= mostFlows) return;
    const onward = this.#opened.get(nameOf(event))?.onward;
    this.#troubled.set(nameOf(event), {
      flow,
      ...(onward === undefined ? {} : { onward }),
      fromMs: event.t - waitedMs,
      toMs: event.t,
    });
    const client = clientOf(flow);
    const seen = this.#from.sighting(client);
    if (seen !== undefined) this.#from.record({ type: 'entry', client, ...seen });
    this.#waiting.push(flow);
    this.#asking ??= this.#ask();
  }

  /** In the order in which they got into it; of very many only the first. */
  troubles(): readonly Trouble[] {
    return [...this.#troubled.values()];
  }

  /**
   * Waits for what is being asked, and reads what the proxies know of the connections: for so long at most, since a lab that is short of
   * processor time may need minutes for it. @returns what it was still waiting for then
   */
  async finish(lab: LiveLab, withinMs: number): Promise<string | undefined> {
    let waitingFor: string | undefined = 'the routers to say where the flows go';
    const finished = async (): Promise<void> => {
      await this.#asking;
      waitingFor = 'the proxies to say what they know of the connections';
      await this.#askProxies(lab);
      waitingFor = undefined;
    };
    const late = new AbortController();
    await Promise.race([
      finished(),
      delay(withinMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]).finally(() => late.abort());
    this.#isOver = true;
    return waitingFor;
  }

  async #askProxies(lab: LiveLab): Promise<void> {
    const wanted = new Map(
      [...this.#troubled].flatMap(([name, { flow }]): [string, string][] => {
        const connection = this.#opened.get(name)?.connection;
        return connection === undefined ? [] : [[connection, clientOf(flow)]];
      }),
    );
    if (wanted.size === 0) return;
    const clients = new Set(wanted.values());
    const known = lab.plan.nodes.map(async (node) => {
      const { tracing } = lab.kindOf(node);
      if (tracing === undefined) return { node: node.name, lines: [] };
      const [text, open] = await Promise.all([
        lab.host.readFile(logFile(lab.paths, node.name, tracing.daemon)).catch(() => ''),
        tracing.open(lab.view(node)).catch(() => []),
      ]);
      const logged = text.split('\n').flatMap((line) => {
        const client = wanted.get(tracing.connectionOf(line) ?? '');
        return client === undefined ? [] : [{ client, text: line }];
      });
      return { node: node.name, lines: [...logged, ...open.filter(({ client }) => clients.has(client))] };
    });
    for (const { node, lines } of await Promise.all(known))
      for (const { client, text } of lines)
        this.#record({ type: 'log', t: this.#from.now(), client, node, line: text.slice(0, 400) });
  }

  #record(event: HistoryEvent): void {
    if (!this.#isOver) this.#from.record(event);
  }

  /** Many flows break together: they are asked about together, when the routers have made up their minds. */
  async #ask(): Promise<void> {
    while (this.#waiting.length > 0) {
      await delay(settleMs);
      const flows = this.#waiting;
      this.#waiting = [];
      const ways = await this.#from.askWays(flows).catch(() => new Map<string, readonly string[]>());
      const t = this.#from.now();
      for (const client of flows.map(clientOf)) {
        const before = this.#before?.ways.get(client);
        const after = ways.get(client);
        if (before !== undefined)
          this.#record({ type: 'route', t: this.#before?.t ?? t, client, way: before });
        if (after !== undefined) this.#record({ type: 'route', t, client, way: after });
      }
    }
    this.#asking = undefined;
  }
}

const settleMs = 500;
/** More than these nobody reads one by one. */
const mostFlows = 1000;

const nameOf = ({ traffic, flow }: { readonly traffic: string; readonly flow: number }): string =>
  `${traffic}/${flow}`;
const clientOf = ({ address, port }: SeededFlow): string => endpoint(address, port);
