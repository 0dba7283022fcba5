/** What the oracle is asked and says. Plain data that survives JSON. */

import type { ForetoldFlows } from '../verdict/history.ts';
import type { Part } from './ecmp.ts';

/** A flow, known before it exists: the seed fixes its addresses and ports. */
export interface ForetoldFlow {
  readonly traffic: string;
  /** Number in its traffic, from 0. */
  readonly flow: number;
  /** The client's end. */
  readonly address: string;
  readonly port: number;
  /** Name of the service. */
  readonly service: string;
  /** Client node. */
  readonly client: string;
}

/** What was asked or measured of a flow's way before anything broke. */
export interface KnownWay {
  readonly l4?: string;
  readonly l7?: string;
  readonly backend?: string;
  /** By router: the node that is its next hop there, whether the flow comes by or not (`askRouters`). */
  readonly hops?: Readonly<Record<string, string>>;
  /** By router: where in the range of its hash the flow lies (`askParts`). */
  readonly parts?: Readonly<Record<string, Part>>;
}

/** By `address:port` of the client. */
export type KnownWays = ReadonlyMap<string, KnownWay>;

/** How many; equal where it is certain. Otherwise it is within them in 999 of 1,000 runs. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** What becomes of the flows of one traffic, all in all. */
export interface FlowSets {
  readonly traffic: string;
  readonly flows: number;
  readonly broken: ForetoldFlows;
  /** Seen on another L4 node than before. */
  readonly moved: ForetoldFlows;
}

/** Numbers of flows of one traffic, ascending. */
export interface TrafficForecast {
  readonly traffic: string;
  readonly flows: number;
  /** Whose way leads through a target. */
  readonly exposed: Bounds;
  /** Seen on another L4 node than before. */
  readonly moved: Bounds;
  readonly broken: Bounds;
  /** Which break for certain. */
  readonly must: readonly number[];
  /** Which can break, without the certain ones. All others cannot. */
  readonly may: readonly number[];
}

/** What one entry of the timeline does to the flows. */
export interface EntryForecast {
  readonly name: string;
  readonly atMs: number;
  /** As in the scenario: `inject`, `heal`, `drain`, …; of a scale `join` or `leave`; `boot`: the end of a restart. */
  readonly action: string;
  /** Name of the fault that it injects or heals. */
  readonly fault: string;
  readonly targets: readonly string[];
  readonly byTraffic: readonly TrafficForecast[];
  /** Sentences. */
  readonly why: readonly string[];
}

/** Flows on each L7, for a traffic. */
export interface Shares {
  readonly traffic: string;
  /** Absent where the scheduler's choice cannot be known. */
  readonly byL7?: Readonly<Record<string, number>>;
  readonly maxOverMean?: number;
}

export interface Prediction {
  readonly shares: readonly Shares[];
  readonly entries: readonly EntryForecast[];
  /** The whole timeline together. */
  readonly total: readonly Omit<TrafficForecast, 'exposed'>[];
  /** The same, for what is measured too. */
  readonly sets: readonly FlowSets[];
  /** The L7 of each flow; null: not known. */
  readonly flows: readonly (Pick<ForetoldFlow, 'traffic' | 'flow'> & {
    /** `address:port` */
    readonly client: string;
    readonly l7: string | null;
  })[];
}
