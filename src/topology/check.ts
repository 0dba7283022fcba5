import type { KindTable, NodeGroup, Topology } from './types.ts';

/** What every check of this stage gets: the topology, ways to look things up, and where to put what is wrong. */
export interface Check {
  readonly topology: Topology;
  readonly kinds: KindTable;
  /** By name; a group that is not there is undefined. */
  readonly groups: ReadonlyMap<string, NodeGroup>;
  /** Notes a problem with the value (or the key) at that path of the file. */
  problem(path: readonly PropertyKey[], message: string, hint?: string, at?: 'key' | 'value'): void;
}
