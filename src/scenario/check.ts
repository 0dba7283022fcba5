import type { KindTable, Plan, Topology } from '../topology/index.ts';
import { rollingNames } from './rolling.ts';
import type { ScenarioFile, TimelineItem } from './schema.ts';
import type { FaultTable, ScenarioTraffic } from './types.ts';

/** What an expectation may speak of. */
export interface ExpectationContext {
  readonly traffic: readonly { readonly name: string; readonly type: ScenarioTraffic['type'] }[];
  /** Names of the timeline's entries. */
  readonly faults: readonly string[];
  readonly nodes: readonly string[];
  readonly tiers: readonly string[];
  /** Nodes and tiers that can be asked while they run. */
  readonly measured: readonly {
    readonly name: string;
    readonly measures: Readonly<Record<string, 'gauge' | 'counter'>>;
  }[];
}

export interface ScenarioSurroundings {
  readonly faults: FaultTable;
  readonly kinds: KindTable;
  /** @returns what is wrong with an expectation and what is known instead, or undefined if it is sound */
  checkExpectation(expression: string, context: ExpectationContext): string | undefined;
}

/** What every check of the second stage gets. */
export interface Check extends ScenarioSurroundings {
  readonly written: ScenarioFile;
  readonly topology: Topology;
  readonly plan: Plan;
  /** Notes a problem with the value (or the key) at that path of the scenario file, or some columns into it. */
  problem(
    path: readonly PropertyKey[],
    message: string,
    hint?: string,
    at?: 'key' | 'value',
    columns?: number,
  ): void;
}

/** As written, else the fault's own name, `drain`, `rolling` or `scale`, or `heal-` or `undrain-` and the name of what is undone. */
export function entryName(item: TimelineItem): string {
  if (item.name !== undefined) return item.name;
  if (item.fault !== undefined) return item.fault;
  return 'of' in item ? `${item.action}-${item.of}` : item.action;
}

/** Names of all that an entry puts on record: windows of expectations may begin there. */
export function entryNames(item: TimelineItem, topology: Topology): readonly string[] {
  const name = entryName(item);
  return item.fault === undefined && item.action === 'rolling' ? rollingNames(name, item, topology) : [name];
}
