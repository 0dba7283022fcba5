/** A lab that exists: how to look at its nodes and do things to them. All other rooms reach namespaces through this. */
import { WorldError } from '../base/errors.ts';
import { groupBy } from '../base/group-by.ts';
import { afterOwnTime } from '../base/own-time.ts';
import { replaceFile } from '../base/replace-file.ts';
import type { ExecOptions, ExecResult, Host } from '../hosts/contract.ts';
import type { CarriedFlow, Kind, NodeStats, NodeView } from '../kinds/contract.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { outOfService } from './ledger.ts';
import { NodeReader } from './node-reader.ts';
import { type LabPaths, netnsPath, nodePaths, pidFile } from './paths.ts';
import {
  ownDaemons,
  type PlacedDaemon,
  type PlumbingOptions,
  plumbDaemon,
  sharedDaemons,
} from './plumbing/index.ts';
import { readPlan } from './state.ts';
import { writeInside } from './write-inside.ts';
import { writePlan } from './written-plan.ts';

export interface DaemonStatus {
  readonly name: string;
  readonly pid?: number;
  /** `shared`: one process for all nodes of the kind. */
  readonly shared: boolean;
  readonly state: 'running' | 'stopped' | 'dead';
}

export class LiveLab {
  readonly paths: LabPaths;
  readonly host: Host;
  readonly options: PlumbingOptions;
  readonly #reader: NodeReader;
  #plan: Plan;
  #before: Promise<void> = Promise.resolve();
  #shared: { plan: Plan; byNode: ReadonlyMap<string, readonly { daemon: PlacedDaemon }[]> } | undefined;

  constructor(paths: LabPaths, plan: Plan, host: Host, options: PlumbingOptions) {
    this.paths = paths;
    this.#plan = plan;
    this.host = host;
    this.options = options;
    this.#reader = new NodeReader((argv) => host.spawn(argv));
  }

  /** What the lab is now. */
  get plan(): Plan {
    return this.#plan;
  }

  /** From now on the lab is another, for every process: what is on disk comes first. */
  async adopt(plan: Plan): Promise<void> {
    await replaceFile(this.paths.plan, writePlan(plan));
    this.#plan = plan;
  }

  /** Another process may have changed the lab. */
  async refresh(): Promise<void> {
    const known = this.#plan;
    const plan = await readPlan(this.paths).catch(() => known);
    if (this.#plan === known) this.#plan = plan;
  }

  node(name: string): PlannedNode {
    const found = this.plan.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node ${name} in the plan`);
    return found;
  }

  kindOf(node: PlannedNode): Kind {
    const kind = this.options.kinds[node.kind];
    if (kind === undefined) throw new Error(`no kind ${node.kind}`);
    return kind;
  }

  /** Arguments that run a program in the namespace of a node or of a network's switch. */
  inside(nodeOrNetwork: string, argv: readonly string[]): string[] {
    return ['nsenter', `--net=${netnsPath(this.paths, nodeOrNetwork)}`, '--', ...argv];
  }

  exec(nodeOrNetwork: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return this.host.exec(this.inside(nodeOrNetwork, argv), options);
  }

  /** Runs a script of our own on the lab's Linux in one shell. @throws WorldError `step-failed` with its last words */
  script(what: string, script: string): Promise<string> {
    return this.step(what, ['sh', '-s'], { input: script });
  }

  /** Runs something of ours that must work on the lab's Linux. @throws WorldError `step-failed` with its last words */
  async step(what: string, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const result = await this.host.exec(argv, options);
    if (result.exitCode === 0) return result.stdout;
    throw new WorldError(`${what} failed (exit code ${result.exitCode})`, {
      code: 'step-failed',
      exitCode: 4,
      details: result.stderr.trim().split('\n').slice(-8),
    });
  }

  view(node: PlannedNode): NodeView {
    const paths = nodePaths(this.paths, node.name, this.options.programs);
    const namespace = netnsPath(this.paths, node.name);
    return {
      node,
      plan: this.plan,
      paths,
      ask: (socket, request, isComplete) => this.#ask(socket, request, isComplete),
      // `/proc/net` is the reader's own.
      readFile: (path) =>
        path.startsWith('/proc/net/') ? this.#reader.file(namespace, path) : this.host.readFile(path),
      netlink: (family, request) => this.#reader.netlink(namespace, family, request),
      writeFile: (path, content) => writeInside(this.host, new Map([[path, content]])),
      outOfService: () => outOfService(this.paths),
      exec: (argv, options) => this.exec(node.name, argv, options),
    };
  }

  async daemons(node: PlannedNode): Promise<DaemonStatus[]> {
    const own = ownDaemons(node, this.plan, this.paths, this.options).map((daemon) => ({
      daemon,
      shared: false,
    }));
    const shared = this.#sharedBy(node.name).map((daemon) => ({ daemon, shared: true }));
    return Promise.all(
      [...own, ...shared].map(async ({ daemon, shared: isShared }): Promise<DaemonStatus> => {
        const text = await this.#readIfThere(pidFile(this.paths, daemon.node, daemon.name));
        const pid = Number(text);
        if (text === undefined || !(pid > 0)) return { name: daemon.name, shared: isShared, state: 'dead' };
        return { name: daemon.name, pid, shared: isShared, state: await this.processState(pid) };
      }),
    );
  }

  /** Worked out once for all nodes of a plan: whoever asks asks for many of them. */
  #sharedBy(node: string): readonly PlacedDaemon[] {
    if (this.#shared?.plan !== this.#plan) {
      const all = sharedDaemons(this.plan, this.paths, this.options);
      this.#shared = { plan: this.#plan, byNode: groupBy(all, ({ nodes }) => nodes) };
    }
    return (this.#shared.byNode.get(node) ?? []).map(({ daemon }) => daemon);
  }

  /** Starts one of a node's own daemons; it takes the place of what its pid file names. */
  async startDaemon(node: PlannedNode, name: string, further: readonly string[] = []): Promise<void> {
    const { argv, input } = plumbDaemon(node, name, further, this.plan, this.paths, this.options);
    await this.step(`starting ${name} of ${node.name}`, argv, { input });
  }

  /** Does what must not be done twice at the same time, such as editing a file that others edit too. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#before.then(task);
    this.#before = result.then(ignore, ignore);
    return result;
  }

  async processState(pid: number): Promise<DaemonStatus['state']> {
    const stat = await this.#readIfThere(`/proc/${pid}/stat`);
    const letter = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    if (letter === undefined || letter === 'Z' || letter === 'X' || letter === '') return 'dead';
    return letter === 'T' || letter === 't' ? 'stopped' : 'running';
  }

  async stats(node: PlannedNode): Promise<NodeStats | undefined> {
    return this.kindOf(node).stats?.(this.view(node));
  }

  /** Which flows each tier-2 node carries now; a node that cannot be asked (dead) carries none. */
  async flows(): Promise<{ node: string; flows: readonly CarriedFlow[] }[]> {
    const carriers = this.plan.nodes.filter((node) => this.kindOf(node).flows !== undefined);
    return Promise.all(
      carriers.map(async (node) => ({
        node: node.name,
        flows:
          (await this.kindOf(node)
            .flows?.(this.view(node))
            .catch(() => [])) ?? [],
      })),
    );
  }

  async #ask(socket: string, request: string, isComplete?: (answer: string) => boolean): Promise<string> {
    const connection = await this.host.dial(socket);
    const cancel = afterOwnTime(5000, () =>
      connection.readable.destroy(new Error(`${socket} did not answer within 5 s`)),
    );
    try {
      connection.writable.write(request);
      let answer = '';
      connection.readable.setEncoding('utf8');
      for await (const chunk of connection.readable) {
        answer += chunk;
        if (isComplete?.(answer) === true) break;
      }
      return answer;
    } finally {
      cancel();
      connection.close();
    }
  }

  /** Of a host that is gone nothing is known: what it does not tell is not for that reason dead. */
  #readIfThere(path: string): Promise<string | undefined> {
    return this.host.readFile(path).catch((error: unknown) => {
      if (error instanceof WorldError) throw error;
      return undefined;
    });
  }
}

/** How a task ends is for its own caller. */
const ignore = (): void => {};
