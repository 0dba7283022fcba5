/**
 * A node kind: what a node is made of. The required part is small; the rest are capabilities that a kind may have
 * and that faults and commands ask for.
 */
import type { Probe } from '../base/until.ts';
import type { KindTraits, Plan, PlannedNode } from '../topology/types.ts';

/** Where a node's things are, as absolute paths on the lab's host. */
export interface NodePaths {
  /** Rendered files of the node (read-only use). */
  readonly files: string;
  /** Control sockets, pid files: a tmpfs of the lab's Linux, short enough for a unix socket. */
  readonly run: string;
  /** Folder of tierlab's own bundled programs (web.js, traffic.js). */
  readonly programs: string;
  /** Path of the Node binary. */
  readonly node: string;
}

/** A long-running program of a node, in the foreground (it must not daemonize); its output goes to a log. */
export interface Daemon {
  /** `bird`, `keepalived`, `haproxy`, `web`. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its packets are on a timer (BFD): on a crowded machine it goes before the others, or it is taken for dead. */
  readonly urgent?: boolean;
}

/** How a kind looks at a live node: no process is created by `dial` and `readFile`. */
export interface NodeView {
  readonly node: PlannedNode;
  readonly plan: Plan;
  readonly paths: NodePaths;
  /** Sends `request` to a unix socket of the node and collects the answer until `isComplete` says so or the socket closes. */
  ask(socket: string, request: string, isComplete?: (answer: string) => boolean): Promise<string>;
  /** Reads a file as the node sees it: `/proc/net/…` is the node's own. */
  readFile(path: string): Promise<string>;
  /** Runs a program in the node's namespace. */
  exec(
    argv: readonly string[],
    options?: { timeoutMs?: number; input?: string },
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** What `tierlab ps` shows of a node, at a glance. */
export interface NodeStats {
  /** Short facts: "2 BGP sessions up", "3 servers, 500 connections". */
  readonly facts: readonly string[];
}

/** How a kind sees the lab around one of its nodes: to take a node out of service its neighbours must be asked. */
export interface LabView {
  readonly plan: Plan;
  view(node: PlannedNode): NodeView;
  /** A node that is dead has nothing to say and sends nothing. */
  alive(node: PlannedNode): Promise<boolean>;
}

/** One step of taking a node out of service, or of putting it back. It is verified before the next begins. */
export interface ServiceStep {
  /** What is true afterwards, as a clause: "no router has a way to the VIPs over l4-1". */
  readonly what: string;
  /** Brings it about; absent: it is only waited for. */
  act?(): Promise<void>;
  /** Asked again and again until ok, or until the drain's deadline. */
  verify(): Promise<Probe>;
}

export interface Kind {
  readonly traits: KindTraits;
  /** Kernel modules that a node of this kind needs (built in counts). */
  readonly modules: readonly string[];
  readonly programs: readonly { readonly command: string; readonly debianPackage: string }[];
  /** Files of the node by relative name. Pure: also `tierlab render`. */
  render(node: PlannedNode, plan: Plan, paths: NodePaths): Readonly<Record<string, string>>;
  /** Lines for `ip -batch` in the node's namespace, after its interfaces and addresses are up. */
  ipBatch(node: PlannedNode, plan: Plan): readonly string[];
  /** sysctls of the namespace by path below /proc/sys: `net/ipv4/ip_forward` → `1`. Written before ipBatch. */
  sysctls(node: PlannedNode, plan: Plan): Readonly<Record<string, string>>;
  daemons(node: PlannedNode, plan: Plan, paths: NodePaths): readonly Daemon[];
  /** Is the node, seen from itself, ready to do its work? Called again and again until ok. */
  ready(view: NodeView): Promise<Probe>;

  /**
   * One process serves all nodes of the kind (a process each would be too dear in the guest). It is started after all
   * namespaces exist and outlives a single node's crash; then `crash`, `revive`, `freeze` and `thaw` must be there.
   */
  readonly shared?: {
    daemon(
      nodes: readonly PlannedNode[],
      plan: Plan,
      paths: NodePaths,
      netnsPath: (node: string) => string,
    ): Daemon;
    files?(
      nodes: readonly PlannedNode[],
      plan: Plan,
      paths: NodePaths,
      netnsPath: (node: string) => string,
    ): Readonly<Record<string, string>>;
    control(view: NodeView, action: 'crash' | 'revive' | 'freeze' | 'thaw'): Promise<void>;
    /** Is the node silent (crashed or frozen)? For verifying that a fault landed. */
    state(view: NodeView): Promise<'serving' | 'crashed' | 'frozen'>;
  };
  /** Taking a node out of service so that nobody notices, and putting it back. `traits.drains` says that it is there. */
  readonly drain?: {
    /** @returns why this node cannot be taken out of service, if so */
    refuse?(node: PlannedNode, plan: Plan): string | undefined;
    out(lab: LabView, node: PlannedNode): readonly ServiceStep[];
    back(lab: LabView, node: PlannedNode): readonly ServiceStep[];
  };
  stats?(view: NodeView): Promise<NodeStats>;
  /** Tier-2 kinds: which flows it carries now and where it sends them. For `moved`. */
  flows?(view: NodeView): Promise<readonly CarriedFlow[]>;
}

/** One flow in an L4 node's table. */
export interface CarriedFlow {
  /** `address:port` of the client. */
  readonly client: string;
  /** Name of the service. */
  readonly service: string;
  /** Name of the node that it is sent to. */
  readonly target: string;
  /** Seconds since its last packet came through, in the table's resolution; the flow is where this is smallest. */
  readonly idleSeconds: number;
}
