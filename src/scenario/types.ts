/** A scenario as loaded: everything checked, all references resolved by name, times in milliseconds. */

import type { z } from 'zod';
import type { Family } from '../base/ip.ts';
import type { Plan, PlannedNode, Topology } from '../topology/types.ts';
import type { TrafficSpec } from '../verdict/history.ts';

export type ScenarioTraffic = TrafficSpec & {
  /** Name of a client group. */
  readonly from: string;
  /** Name of a service. */
  readonly to: string;
  /** Which of the service's VIPs it goes to. Default: the first. */
  readonly family?: Family;
};

export interface TimelineFault {
  readonly action: 'inject';
  readonly atMs: number;
  /** Unique in the scenario: metrics' windows and `heal` refer to it. Defaults to the fault's own name. */
  readonly name: string;
  readonly fault: string;
  /** What it hits, as written: `l4-1`, `l4` (all of them), `l4-1:fabric` (a cable). */
  readonly target: string;
  /** The fault's own keys, validated. */
  readonly options: Readonly<Record<string, unknown>>;
}

interface TimelineHeal {
  readonly action: 'heal';
  readonly atMs: number;
  /** `heal-<of>` unless given. */
  readonly name: string;
  /** Name of the fault to heal. */
  readonly of: string;
}

/** Takes nodes out of service without anybody noticing, or puts them back. */
export interface TimelineDrain {
  readonly action: 'drain';
  readonly atMs: number;
  /** Defaults to `drain`. */
  readonly name: string;
  /** A node or a group, as written. */
  readonly target: string;
  /** The deadline: a drain that takes longer has not landed. */
  readonly withinMs: number;
}

interface TimelineUndrain {
  readonly action: 'undrain';
  readonly atMs: number;
  /** `undrain-<of>` unless given. */
  readonly name: string;
  /** Name of the drain. */
  readonly of: string;
  readonly withinMs: number;
}

/** What is done to a node when its turn comes. */
export type RollingStep =
  | { readonly action: 'drain' | 'undrain' }
  | {
      readonly action: 'inject';
      readonly fault: string;
      readonly options: Readonly<Record<string, unknown>>;
    };

/** The same for every node of a tier, one after another. */
export interface TimelineRolling {
  readonly action: 'rolling';
  readonly atMs: number;
  /** Defaults to `rolling`. */
  readonly name: string;
  /** The group. */
  readonly target: string;
  readonly steps: readonly RollingStep[];
  /** So many nodes have their turn at the same time. */
  readonly maxUnavailable: number;
  /** Between two turns. */
  readonly pauseMs: number;
  /** The deadline of each step. */
  readonly withinMs: number;
}

/** Makes a tier larger or smaller. Nodes that go are drained first. */
export interface TimelineScale {
  readonly action: 'scale';
  readonly atMs: number;
  /** Defaults to `scale`. */
  readonly name: string;
  /** A group of nodes. */
  readonly tier: string;
  /** How many nodes come; negative: go, the last ones first. */
  readonly by: number;
  /** The deadline for all of it. */
  readonly withinMs: number;
}

export type TimelineEntry =
  | TimelineScale
  | TimelineFault
  | TimelineHeal
  | TimelineDrain
  | TimelineUndrain
  | TimelineRolling;

/** An expectation as written, with where it stands. */
interface WrittenExpectation {
  readonly expression: string;
  readonly line: number;
}

export interface Scenario {
  readonly name: string;
  readonly file: string;
  /** Absolute path. */
  readonly topologyFile: string;
  readonly seed: number;
  readonly traffic: readonly ScenarioTraffic[];
  readonly steady: {
    /** How long all traffic must be well before the timeline begins. */
    readonly forMs: number;
    /** How long to wait for that. Default 60 s. */
    readonly withinMs: number;
  };
  /** In order of time. */
  readonly timeline: readonly TimelineEntry[];
  readonly durationMs: number;
  readonly expect: readonly WrittenExpectation[];
  readonly control?: {
    /** Of the control: the run's or another one, with what `set` changes. */
    readonly topology: Topology;
    /** `l4.sloppy_tcp` → false: keys of groups of the topology that differ in the control. */
    readonly set: Readonly<Record<string, unknown>>;
    /** Names of the timeline's entries that the control leaves out, with whatever undoes them. */
    readonly skip: readonly string[];
    /** By name of an entry, what stands there instead, in words: `l7.restart l7`. */
    readonly replace: Readonly<Record<string, string>>;
    /** The scenario's, but for what `skip` and `replace` name. */
    readonly timeline: readonly TimelineEntry[];
    /** The scenario's unless it has its own. */
    readonly durationMs: number;
    readonly expect: readonly WrittenExpectation[];
  };
}

/** What a fault tells the scenario stage about itself. */
export interface FaultTraits {
  readonly name: string;
  readonly summary: string;
  /** `node`: a node or group; `link`: `node:network`. */
  readonly target: 'node' | 'link';
  /** Kinds that can have it; absent: all. */
  readonly kinds?: readonly string[];
  /** Kernel modules that it needs, beside those that the lab has. */
  readonly modules?: readonly string[];
  /** Schema of the fault's own keys. */
  readonly options: z.ZodObject;
  /** Says what the schema cannot: why its keys make no sense for a node that it would hit. */
  refuse?(node: PlannedNode, options: Readonly<Record<string, unknown>>, plan: Plan): Refusal | undefined;
}

/** What is wrong with a fault's keys: which key, and what is known instead. */
export interface Refusal {
  readonly key: string;
  readonly message: string;
  readonly hint?: string;
}

export type FaultTable = Readonly<Record<string, FaultTraits>>;
