/** What the judge says. Plain data that survives JSON. */
import type { Cause } from './history.ts';

/** fail beats unknown beats pass. */
export type Verdict = 'pass' | 'fail' | 'unknown';

export interface ExpectationJudgement {
  readonly expression: string;
  readonly verdict: Verdict;
  /** Counts as they are, durations in ms, ratios from 0 to 1, rates per second; null: could not be measured. */
  readonly actual: number | null;
  /** For people: `226`, `650ms`, `0.08%`; with the other side's figure if that is a metric too. */
  readonly actualText: string;
  /** Why it is unknown. */
  readonly reason?: string;
}

/** How a flow came to be in trouble. What nobody saw is absent. */
export interface Attribution {
  /** The timeline's entry after which it was; null: none came before. */
  readonly follows: { readonly name: string; readonly afterMs: number } | null;
  /** Names of the nodes on its way from the client to the backend while all was well, as the routers said. */
  readonly wayBefore?: readonly string[];
  /** From the client to the L4, as the routers said afterwards. */
  readonly wayAfter?: readonly string[];
  /** Its entry in the balancer's table when that was looked at last before the trouble. */
  readonly entry?: {
    readonly l4: string;
    readonly l7: string;
    readonly state: string | null;
    readonly idleSeconds: number;
    /** ms since the timeline's start. */
    readonly seenMs: number;
  };
  /** What proxies logged of the connection, or say of it while it is still open there. */
  readonly log?: readonly { readonly node: string; readonly line: string }[];
  /** Its packets around the trouble, where they were asked for. */
  readonly packets?: {
    /** pcapng, relative to the run's folder. */
    readonly file: string;
    /** A packet counts each time that a node sent or received it. */
    readonly count: number;
    /** Who sent or received one, in the order of the first. */
    readonly nodes: readonly string[];
    /** Who ended the connection, by what was seen on the wire. */
    readonly ended?: { readonly by: string; readonly with: 'RST' | 'FIN' };
  };
}

/** A connection that waited long for an answer, and got it. */
export interface StalledFlow extends Attribution {
  readonly traffic: string;
  readonly flow: number;
  /** `address:port` */
  readonly client: string;
  readonly l7: string;
  readonly backend: string;
  /** When the late answer came, ms since the timeline's start. */
  readonly answeredAt: number;
  /** Its longest. */
  readonly stalledMs: number;
}

export interface BrokenFlow extends Attribution {
  readonly traffic: string;
  readonly flow: number;
  /** `address:port` */
  readonly client: string;
  /** null: nobody saw. */
  readonly l4Before: string | null;
  /** Where the flow was seen after its L4 changed; null: nowhere else. */
  readonly l4After: string | null;
  readonly l7: string;
  readonly backend: string;
  readonly connection: string;
  /** ms since the timeline's start. */
  readonly brokenAt: number;
  readonly cause: Cause;
  readonly detail: string | null;
  /** Names of the faults that hit a node of its way. */
  readonly exposedTo: readonly string[];
}

/** The set of flows that the oracle foretold against the measured one, for one metric of one traffic. */
export interface OracleComparison {
  readonly traffic: string;
  readonly metric: 'broken' | 'moved';
  readonly predicted: { readonly least: number; readonly most: number };
  readonly measured: number;
  /** Ascending. */
  readonly disagreements: readonly {
    readonly flow: number;
    /** `address:port`; null: it never opened. */
    readonly client: string | null;
    readonly predicted: boolean;
    readonly measured: boolean;
  }[];
  /** Where only chances were foretold: by how many flows the measured number is outside of the foretold ones. */
  readonly beyond: number;
  /** Flows of which the oracle could not say it. */
  readonly unsaid: number;
  /** Sentences. */
  readonly why: readonly string[];
}

export interface MovedFlows {
  readonly traffic: string;
  readonly from: string;
  readonly to: string;
  readonly flows: number;
  /** When the first and the last of them were seen to have moved, ms since the timeline's start. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface TimelineEntryJudgement {
  /** ms since the timeline's start, when its command began. */
  readonly atMs: number;
  readonly name: string;
  readonly fault: string;
  readonly action: 'inject' | 'heal';
  readonly targets: readonly string[];
  readonly landed: boolean;
  readonly evidence: string;
}

/** Metrics by name: those without a node or cause in it, and those with one that occurred. null: not measured. */
export type TrafficMetrics = Readonly<Record<string, number | null>>;

export interface Judgement {
  readonly scenario: string;
  readonly role: 'main' | 'control';
  readonly verdict: Verdict;
  /** Why it is not `pass`. */
  readonly reasons: readonly string[];
  /** Is the run such that its figures count? If not, the verdict is `unknown` whatever they say. */
  readonly believable: boolean;
  readonly expectations: readonly ExpectationJudgement[];
  /** By traffic. */
  readonly metrics: Readonly<Record<string, TrafficMetrics>>;
  /** By node: what it said of itself, gauges at the end and by how much counters grew. */
  readonly nodes: Readonly<Record<string, TrafficMetrics>>;
  readonly brokenFlows: readonly BrokenFlow[];
  /** The longest first. Absent: none. */
  readonly stalledFlows?: readonly StalledFlow[];
  readonly movedFlows: readonly MovedFlows[];
  /** Absent: nothing was foretold. */
  readonly oracle?: readonly OracleComparison[];
  readonly timeline: readonly TimelineEntryJudgement[];
  readonly steady: {
    readonly reached: boolean;
    /** ms since the run's start. */
    readonly afterMs: number | null;
    readonly detail: string | null;
  };
  /** From the timeline's start to the end, or to the last event; null: it did not begin. */
  readonly ranMs: number | null;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** Did the run come to its end? */
  readonly ended: boolean;
  /** The traffic process's own lag during the timeline, and from where on it is not believed. */
  readonly lag: { readonly maxMs: number; readonly limitMs: number };
  readonly traffic: readonly {
    readonly name: string;
    readonly type: 'held-tcp' | 'http';
    readonly asked: string;
  }[];
  /** Name of the control's topology, if that is not the run's. */
  readonly topology?: string;
  /** What the control switched off: `l4.sloppy_tcp` → false; or did instead: `reload` → `l7.restart l7`. */
  readonly set: Readonly<Record<string, unknown>>;
  /** What the control left out of the timeline. */
  readonly skip?: readonly string[];
  readonly lab: string;
  readonly host: string;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly sysctls: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly seed: number;
}

/** A scenario as run and judged. */
export interface ScenarioResult {
  readonly name: string;
  /** Of the scenario. */
  readonly file: string;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly main: Judgement;
  readonly control?: Judgement;
  /** Where the histories are saved. */
  readonly runDir: string;
}
