import type { Diagnostic } from '../base/errors.ts';
import { checkAddresses } from './check-addresses.ts';
import { checkChains } from './check-chains.ts';
import { checkNames } from './check-names.ts';
import { checkReferences } from './check-references.ts';
import type { YamlDocument } from './document.ts';
import type { KindTable, NodeGroup, Topology } from './types.ts';
import { inOrder } from './validate.ts';

/** What every check of this stage gets: the topology, ways to look things up, and where to put what is wrong. */
export interface Check {
  readonly topology: Topology;
  readonly kinds: KindTable;
  /** By name; a group that is not there is undefined. */
  readonly groups: ReadonlyMap<string, NodeGroup>;
  /** Notes a problem with the value (or the key) at that path of the file. */
  problem(path: readonly PropertyKey[], message: string, hint?: string, at?: 'key' | 'value'): void;
}

/** Checks everything in a topology that refers to something else in it. @returns all problems, in the order of the file */
export function crossCheck(
  topology: Topology,
  kinds: KindTable,
  locate: YamlDocument['locate'],
): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const check: Check = {
    topology,
    kinds,
    groups: new Map(topology.nodes.map((group) => [group.name, group])),
    problem(path, message, hint, at = 'value') {
      problems.push({ ...locate(path, at), message, ...(hint === undefined ? {} : { hint }) });
    },
  };
  checkNames(check);
  checkAddresses(check);
  checkReferences(check);
  checkChains(check);
  return inOrder(problems);
}
