/** One plan → another: all that has to be done to a lab that is up, and only that. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { type NodeChange, nodeChange } from './node-change.ts';
import type { LabPaths } from './paths.ts';
import { diffPlans } from './plan-difference.ts';
import { type PlumbingOptions, plumbLab, sharedDaemons } from './plumbing/index.ts';

export interface LabChange {
  readonly after: Plan;
  /** The two plans are the same. */
  readonly isEmpty: boolean;
  /** Of the new plan. */
  readonly added: readonly PlannedNode[];
  /** Of the old plan. */
  readonly removed: readonly PlannedNode[];
  /** Nodes that stay and do not stay as they are. */
  readonly changed: readonly NodeChange[];
  /** Absolute path → content of every file that is to be written. */
  readonly files: ReadonlyMap<string, string>;
  /** What cannot be changed in a lab that is up, one sentence each; empty: all of it can. */
  readonly refusals: readonly string[];
}

export function labChange(before: Plan, after: Plan, lab: LabPaths, options: PlumbingOptions): LabChange {
  const { added, removed, kept, refusals } = diffPlans(before, after);
  const same = { after, isEmpty: isDeepStrictEqual(before, after), added, removed };
  if (refusals.length > 0) return { ...same, changed: [], files: new Map(), refusals };
  const changed = kept.flatMap((name) => nodeChange(name, before, after, lab, options) ?? []);
  const old = plumbLab(before, lab, options).files;
  const files = [...plumbLab(after, lab, options).files].filter(
    ([file, content]) => old.get(file) !== content,
  );
  return {
    ...same,
    changed,
    files: new Map(files),
    refusals: [
      ...changed.flatMap((change) => change.refusals),
      ...sharedDaemons(before, lab, options)
        .filter(({ nodes, daemon }) => nodes.length > 1 && removed.some(({ name }) => name === daemon.node))
        .map(({ nodes, daemon }) => `${daemon.node} is home to the process that serves ${nodes.join(', ')}`),
    ],
  };
}
