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
  /** The same folder by a name that needs no quotes in any configuration, whatever the user's own folders are called. */
  readonly linked: string;
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
  /** Works by timers (BFD, health checks): it starts first and, on a crowded machine, goes before the others. */
  readonly urgent?: boolean;
  /** Starts last all the same, and goes before nobody: it waits long before it asks again whoever is not there yet. */
  readonly late?: boolean;
  /** Its timers are short: it is ready soon after its start, and takes a part of the processor from then on. */
  readonly quick?: boolean;
}

/** How a kind looks at a live node: no process is created by `ask`, `readFile` and `netlink`. */
export interface NodeView {
  readonly node: PlannedNode;
  readonly plan: Plan;
  readonly paths: NodePaths;
  /** Sends `request` to a unix socket of the node and collects the answer until `isComplete` says so or the socket closes. */
  ask(socket: string, request: string, isComplete?: (answer: string) => boolean): Promise<string>;
  /** Reads a file as the node sees it: `/proc/net/…` is the node's own. */
  readFile(path: string): Promise<string>;
  /**
   * Asks a family of generic netlink in the node's namespace for all that it has of something.
   * @param request command, version, two zeros, attributes (genetlink(7))
   * @returns the kernel's messages, each with its header
   */
  netlink(family: string, request: Buffer): Promise<Buffer>;
  /** Writes a file of the lab anew, also of a node that is dead. @throws if it cannot be written */
  writeFile(path: string, content: string): Promise<void>;
  /** Nodes of the lab that were drained, or are dead: they are not waited for. */
  outOfService(): Promise<ReadonlySet<string>>;
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
  /** Replaces one of the node's rendered files: what it reads when it starts again. */
  write(node: PlannedNode, file: string, content: string): Promise<void>;
  /** Does what must not be done twice at the same time, such as writing what others write too. */
  alone<T>(task: () => Promise<T>): Promise<T>;
  /** Starts one of the node's daemons with further arguments; it takes the place of the one that runs. */
  start(node: PlannedNode, daemon: string, further: readonly string[]): Promise<void>;
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

/** A BGP session of a node, by the name of the peer node. Two nodes that meet on several networks have several. */
export interface RoutingSession {
  readonly peer: string;
  /** Address of the peer. */
  readonly address: string;
  readonly established: boolean;
  /** BIRD's own word: `Established`, `Active`, … */
  readonly state: string;
  /** BFD watches it and has seen the peer. */
  readonly watched: boolean;
}

/** Kinds that speak BGP: what can be done to their sessions. A peer is the name of a node. */
export interface Routing {
  sessions(view: NodeView): Promise<readonly RoutingSession[]>;
  /** Ends the sessions with these peers and begins them anew. @returns what the daemon said right afterwards */
  restart(view: NodeView, peers: readonly string[]): Promise<readonly RoutingSession[]>;
  /** Whether BFD is to watch the sessions with these peers: written down, but not yet read. */
  setBfd(view: NodeView, peers: readonly string[], on: boolean): Promise<void>;
  /** Whether the VIPs are to be announced (or passed on) to the peers that hear them: written down, but not yet read. */
  setVips(view: NodeView, announced: boolean): Promise<void>;
  /** The daemon reads what is written down. Sessions stay up, without BFD if the other side does the same at once. */
  reconfigure(view: NodeView): Promise<void>;
  /** Prefixes of VIPs that peers are told now, each with the peer: `198.51.100.1/32 to r-1`. */
  announcedVips(view: NodeView): Promise<readonly string[]>;
}

/** Kinds whose nodes may send what is for VIPs to a fixed group of next hops. A next hop is the name of a node. */
export interface NextHops {
  /** Those in the group now, in its order. */
  read(view: NodeView): Promise<readonly string[]>;
  /** @param hops at least one; all in the plan's group */
  write(view: NodeView, hops: readonly string[]): Promise<void>;
}

/** Kinds that choose a server for each flow. A server is the name of a node. */
export interface Balancing {
  /** Each server of each service, in the order of insertion, on which the hash table depends. */
  servers(view: NodeView): Promise<
    readonly {
      readonly server: string;
      readonly service: string;
      /** `address:port`: a service with VIPs of both families has two tables. */
      readonly vip: string;
      readonly weight: number;
    }[]
  >;
  /** For all services; lasting: health checks go on with it. */
  setWeight(view: NodeView, server: string, weight: number): Promise<void>;
  /** Deletes all servers and adds them in this order; flows that are under way keep their servers. */
  reorder(view: NodeView, order: readonly string[]): Promise<void>;
  /** Forgets all flows; no packet for a VIP must come meanwhile. @returns how many were known before and right afterwards */
  flush(view: NodeView): Promise<{ readonly before: number; readonly after: number }>;
}

/** Kinds that end a client's connection and begin one to a backend. A backend is the name of a node. */
export interface Proxying {
  /** How the daemon is called. */
  readonly daemon: string;
  /** Arguments that make a new process take the listeners over from the one that runs, which drains and ends. */
  takeOver(view: NodeView, pid: number): readonly string[];
  /** Process that answers for the node now. */
  pid(view: NodeView): Promise<number>;
  backends(view: NodeView): Promise<readonly { readonly backend: string; readonly status: string }[]>;
  /** Lasting: a daemon that starts anew goes on with it. */
  setBackend(
    lab: LabView,
    node: PlannedNode,
    backend: string,
    state: 'drain' | 'maint' | 'ready',
  ): Promise<void>;
  /** Writes the configuration as if the topology said so; the next start or reload reads it. */
  configure(view: NodeView, options: Readonly<Record<string, unknown>>): Promise<void>;
}

/** How a backend answers; a part that is absent is as it should be. */
export interface BackendBehaviour {
  /** Everything it says comes so much later. */
  readonly slow?: { readonly delayMs: number; readonly checks: boolean };
  /** This share (0 to 1) of requests gets this status; the seed says which. */
  readonly errors?: {
    readonly rate: number;
    readonly status: number;
    readonly seed: number;
    readonly checks: boolean;
  };
  /** New connections are reset. */
  readonly refuse?: true;
  /** Accepts, but answers nothing. */
  readonly hang?: true;
  /** Has forgotten the connections that were open when this began: it neither answers nor closes them. */
  readonly halfOpen?: true;
}

export interface Kind {
  readonly traits: KindTraits;
  /** Kernel modules that a node of this kind needs (built in counts). */
  readonly modules: readonly string[];
  /** Further ones that this node needs. */
  modulesOf?(node: PlannedNode): readonly string[];
  readonly programs: readonly {
    readonly command: string;
    readonly debianPackage: string;
    /** Argument with which it says its version; absent: it is of no interest. */
    readonly version?: string;
  }[];
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
    /** Kinds whose nodes are backends. `undefined` ends a part of the behaviour. @returns what it is now */
    behave?(
      view: NodeView,
      change: { readonly [Part in keyof BackendBehaviour]: BackendBehaviour[Part] | undefined },
    ): Promise<BackendBehaviour>;
  };
  readonly routing?: Routing;
  readonly nextHops?: NextHops;
  readonly balancing?: Balancing;
  readonly proxying?: Proxying;
  /** Taking a node out of service so that nobody notices, and putting it back. `traits.drains` says that it is there. */
  readonly drain?: {
    /** @returns why this node cannot be taken out of service, if so */
    refuse?(node: PlannedNode, plan: Plan): string | undefined;
    out(lab: LabView, node: PlannedNode): readonly ServiceStep[];
    back(lab: LabView, node: PlannedNode): readonly ServiceStep[];
    /** Where a node is drained by what others do: one of them has joined, and is told that this node is drained. */
    tell?(lab: LabView, node: PlannedNode, newcomer: PlannedNode): Promise<void>;
  };
  /**
   * The daemons of a node that runs take up those of its files that were rewritten, and lose neither sessions nor connections.
   * @param was what was in those files before, by name
   */
  reload?(lab: LabView, node: PlannedNode, was: Readonly<Record<string, string>>): Promise<void>;
  /** Does it know all ways on to the VIPs? A node that joins is made known to those before it when it does. */
  leadsOn?(view: NodeView): Promise<Probe>;
  stats?(view: NodeView): Promise<NodeStats>;
  /** The node's `traits.measures` now, by name. @throws if it cannot be asked */
  measure?(view: NodeView): Promise<Readonly<Record<string, number>>>;
  /** L7 kinds: what is known of one connection of a client. */
  readonly tracing?: {
    /** Its log has a line for each connection that ended. */
    readonly daemon: string;
    /** The id in a line of that log: the one that is stamped on the answers. */
    connectionOf(line: string): string | undefined;
    /** The connections that are open now, each with a line about it; `client` is `address:port`. */
    open(view: NodeView): Promise<readonly { readonly client: string; readonly text: string }[]>;
  };
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
  /** The table's own word for where the connection stands: `ESTABLISHED`. */
  readonly state?: string;
}
