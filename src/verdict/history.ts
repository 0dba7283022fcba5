/**
 * The history: one JSON object a line, in the order of being recorded. It is all that the judge sees, so a saved run
 * can be judged again. Times (`t`) are milliseconds since the epoch (fractions allowed).
 */

/** First line: what was asked for. */
export interface RunEvent {
  readonly type: 'run';
  readonly t: number;
  readonly tierlab: string;
  /** 1 now; a reader refuses others. */
  readonly format: 1;
  readonly scenario: string;
  readonly role: 'main' | 'control';
  readonly lab: string;
  readonly host: string;
  readonly kernel: string;
  readonly seed: number;
  readonly traffic: readonly TrafficSpec[];
  readonly expect: readonly string[];
  readonly steadyForMs: number;
  readonly durationMs: number;
  /** Names of the timeline's faults, with the nodes and links they hit, and when they are due. */
  readonly timeline: readonly { readonly atMs: number; readonly name: string; readonly what: string }[];
  /** Absent in histories of before 0.2. */
  readonly nodes?: readonly NodeSpec[];
  /** First line of what each program says of its version. */
  readonly versions?: Readonly<Record<string, string>>;
  /** By kind: settings below /proc/sys of its nodes' namespaces; those that differ between its nodes are left out. */
  readonly sysctls?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Name of the topology of a control that has one of its own. */
  readonly topology?: string;
  /** What differs in a control: `l4.sloppy_tcp` → false; `reload` (an entry of the timeline) → `l7.restart l7`. Absent in the main run. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Entries of the scenario's timeline that a control leaves out. Absent if there are none. */
  readonly skip?: readonly string[];
}

/** A node, as far as the judge needs to know it. */
export interface NodeSpec {
  readonly name: string;
  /** The group that it is one of: `l4`. */
  readonly tier: string;
  /** Nodes whose state shows in its own: its servers, and theirs. */
  readonly needs: readonly string[];
  readonly measures: Readonly<Record<string, 'gauge' | 'counter'>>;
}

export type TrafficSpec =
  | {
      readonly type: 'held-tcp';
      readonly name: string;
      readonly connections: number;
      readonly heartbeatMs: number;
      readonly timeoutMs: number;
      /** A heartbeat that takes longer makes a stalled flow. Absent in histories of before 0.2: 1000. */
      readonly stallMs?: number;
      /** Bytes of payload that each heartbeat carries up and each answer down. */
      readonly uploadBytes: number;
      readonly downloadBytes: number;
      /** Only flows whose L7 depends on the order in which an L4 node has its servers. Absent: any. */
      readonly contested?: true;
    }
  | {
      readonly type: 'http';
      readonly name: string;
      readonly ratePerSecond: number;
      readonly timeoutMs: number;
    };

/** How a flow or a request ended otherwise than planned. */
export type Cause =
  | 'rst'
  | 'eof'
  | 'timeout'
  | 'wrong-l7'
  | 'wrong-backend'
  | 'corrupt'
  | 'refused'
  | 'status';

/** A held connection stands: the backend answered through it. `flow` counts from 0 in its traffic. */
export interface OpenEvent {
  readonly type: 'open';
  readonly t: number;
  readonly traffic: string;
  readonly flow: number;
  /** `address:port` of the client's end. */
  readonly client: string;
  readonly l7: string;
  readonly backend: string;
  /** The id that the L7 gave the connection. */
  readonly connection: string;
  /** The connection from the L7 to the backend, `address:port` of its ends. Absent: the client's own one, or a history of before 0.2. */
  readonly onward?: { readonly from: string; readonly to: string };
  readonly connectMs: number;
}

/** A heartbeat was answered. `ms`: from sending to the whole answer. `t`: when the answer came. */
export interface BeatEvent {
  readonly type: 'beat';
  readonly t: number;
  readonly traffic: string;
  readonly flow: number;
  readonly seq: number;
  readonly ms: number;
}

/** A held connection ended. `cause` absent: by plan. `waitingMs`: how long the oldest unanswered heartbeat had waited. */
export interface CloseEvent {
  readonly type: 'close';
  readonly t: number;
  readonly traffic: string;
  readonly flow: number;
  readonly cause?: Cause;
  readonly detail?: string;
  readonly waitingMs: number;
}

/** A held connection could not be opened. */
export interface OpenFailedEvent {
  readonly type: 'open-failed';
  readonly t: number;
  readonly traffic: string;
  readonly flow: number;
  readonly client: string;
  readonly cause: Cause;
  readonly detail?: string;
}

/** One request of an open-model load. `intended`: when it was due; `ms`: from then to the end of the answer. */
export interface RequestEvent {
  readonly type: 'request';
  readonly t: number;
  readonly traffic: string;
  readonly intended: number;
  readonly ms: number;
  readonly status?: number;
  readonly l7?: string;
  readonly backend?: string;
  readonly cause?: Cause;
  readonly detail?: string;
}

/** The traffic process was late by this much (event-loop lag), so what it measured then is not to be believed. */
export interface LagEvent {
  readonly type: 'lag';
  readonly t: number;
  readonly ms: number;
}

/** To read the balancers' tables took this long: a moment's work, unless the lab gets no CPU. Quick looks are not recorded. */
export interface LookEvent {
  readonly type: 'look';
  readonly t: number;
  readonly ms: number;
}

/** A flow was seen on another L4 node than before (first sight included): `from` absent at first sight. */
export interface PathEvent {
  readonly type: 'path';
  readonly t: number;
  readonly client: string;
  readonly service: string;
  readonly l4: string;
  readonly l7: string;
  readonly from?: string;
}

/** What a node says of itself: figures that differ from what it said last. */
export interface NodeEvent {
  readonly type: 'node';
  readonly t: number;
  readonly node: string;
  readonly values: Readonly<Record<string, number>>;
  /** It could not be asked (again): all its gauges count as 0 until it says something. */
  readonly silent?: true;
}

/** Milestones of the run. */
export interface PhaseEvent {
  readonly type: 'phase';
  readonly t: number;
  readonly phase: 'warm-up' | 'steady' | 'not-steady' | 'timeline' | 'end' | 'interrupted';
  readonly detail?: string;
}

/** A fault or its healing, or a drain (`fault` is then `drain`) and its undoing. `landed` is what the verification saw; a fault that did not land makes the verdict unknown. */
export interface FaultEvent {
  readonly type: 'fault';
  readonly t: number;
  readonly name: string;
  readonly fault: string;
  readonly action: 'inject' | 'heal';
  /** Nodes that it hits (for link faults: the node at the end of the cable). */
  readonly targets: readonly string[];
  readonly landed: boolean;
  readonly evidence: string;
  /** When the command for it began and ended (ms since the epoch). */
  readonly from: number;
  readonly to: number;
}

/** What a balancer's connection table said of a flow when it was last looked at (`t`) before it broke or stalled. */
export interface EntryEvent {
  readonly type: 'entry';
  readonly t: number;
  readonly client: string;
  readonly service: string;
  readonly l4: string;
  readonly l7: string;
  /** The table's own word: `ESTABLISHED`, `FIN_WAIT`, … */
  readonly state?: string;
  /** Since its last packet, then. */
  readonly idleSeconds: number;
}

/** The way that the routers said they give a flow at that time: names from the client on. Of flows that broke or stalled. */
export interface RouteEvent {
  readonly type: 'route';
  readonly t: number;
  readonly client: string;
  readonly way: readonly string[];
}

/** What a proxy says of the connection of a flow that broke or stalled: a line of its log, or of its list of open ones. */
export interface LogEvent {
  readonly type: 'log';
  readonly t: number;
  readonly client: string;
  readonly node: string;
  readonly line: string;
}

/** The packets of a flow that broke or stalled were kept. */
export interface PacketsEvent {
  readonly type: 'packets';
  readonly t: number;
  readonly client: string;
  /** pcapng, relative to the folder of the run. */
  readonly file: string;
  /** A packet counts each time that it was sent or received. */
  readonly packets: number;
  /** Who sent or received one, in the order of the first. */
  readonly nodes: readonly string[];
  /** Who ended the connection, by what was seen on the wire. Absent: nobody. */
  readonly ended?: { readonly by: string; readonly with: 'RST' | 'FIN' };
}

/** Flows by number, ascending. Those that are in none of the lists are foretold to be spared. */
export interface ForetoldFlows {
  /** For certain. */
  readonly must: readonly number[];
  /** With a chance that is known: how many of all flows it will be is within `least` and `most` in 999 of 1,000 runs. */
  readonly may: readonly number[];
  /** Of these nothing can be said. */
  readonly unsaid: readonly number[];
  readonly least: number;
  readonly most: number;
}

/** What the oracle said of one traffic, before the timeline began. Only where an expectation asks for it. */
export interface PredictionEvent {
  readonly type: 'prediction';
  readonly t: number;
  readonly traffic: string;
  /** How many flows it knew. */
  readonly flows: number;
  readonly broken: ForetoldFlows;
  readonly moved: ForetoldFlows;
  /** Sentences: the reasons, and what cannot be computed. */
  readonly why: readonly string[];
  /** Why nothing could be foretold; the sets are empty then. */
  readonly unknowable?: string;
}

export type HistoryEvent =
  | RunEvent
  | OpenEvent
  | BeatEvent
  | CloseEvent
  | OpenFailedEvent
  | RequestEvent
  | LagEvent
  | LookEvent
  | PathEvent
  | NodeEvent
  | PhaseEvent
  | FaultEvent
  | PredictionEvent
  | EntryEvent
  | RouteEvent
  | LogEvent
  | PacketsEvent;
