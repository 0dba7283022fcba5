/** The programs of a lab: those of a node alone, and those that serve all nodes of a kind. */
import { join } from 'node:path';
import type { Daemon, Kind } from '../../kinds/contract.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import { type LabPaths, netnsPath, nodePaths } from '../paths.ts';
import type { Kinds, PlumbingOptions } from './options.ts';

/** A daemon with the node under whose name its log and pid file are kept. */
export interface PlacedDaemon extends Daemon {
  readonly node: string;
}

/** Daemons of a node that are its own (not shared with the others of its kind). */
export function ownDaemons(
  node: PlannedNode,
  plan: Plan,
  lab: LabPaths,
  { kinds, programs }: PlumbingOptions,
): PlacedDaemon[] {
  const kind = kinds[node.kind];
  return (kind?.daemons(node, plan, nodePaths(lab, node.name, programs)) ?? []).map((daemon) => ({
    ...daemon,
    node: node.name,
  }));
}

/** Daemons that serve all nodes of a kind; kept under the name of the first of them. */
export function sharedDaemons(
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): { nodes: readonly string[]; daemon: PlacedDaemon }[] {
  return sharedGroups(plan, options.kinds).map(({ kind, nodes }) => ({
    nodes: nodes.map(({ name }) => name),
    daemon: sharedDaemon(kind, nodes, plan, lab, options),
  }));
}

export const runsPrograms = (
  node: PlannedNode,
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): boolean =>
  options.kinds[node.kind]?.shared !== undefined || ownDaemons(node, plan, lab, options).length > 0;

/** Nodes that have a process in common: those that were there first, and each of the others alone. */
export function sharedGroups(plan: Plan, kinds: Kinds): { kind: Kind; nodes: PlannedNode[] }[] {
  return Object.values(kinds).flatMap((kind) => {
    if (kind.shared === undefined) return [];
    const all = plan.nodes.filter((node) => node.kind === kind.traits.name);
    const [first, later] = [false, true].map((wanted) =>
      all.filter(({ joined = false }) => joined === wanted),
    );
    const groups = [first ?? [], ...(later ?? []).map((node) => [node])];
    return groups.filter((nodes) => nodes.length > 0).map((nodes) => ({ kind, nodes }));
  });
}

export function sharedDaemon(
  kind: Kind,
  nodes: readonly PlannedNode[],
  plan: Plan,
  lab: LabPaths,
  { programs }: PlumbingOptions,
): PlacedDaemon {
  const [first] = nodes;
  if (kind.shared === undefined || first === undefined)
    throw new Error(`kind ${kind.traits.name} shares no daemon`);
  const paths = nodePaths(lab, first.name, programs);
  return { ...kind.shared.daemon(nodes, plan, paths, (node) => netnsPath(lab, node)), node: first.name };
}

export function sharedFiles(
  kind: Kind,
  nodes: readonly PlannedNode[],
  plan: Plan,
  lab: LabPaths,
  { programs }: PlumbingOptions,
): Record<string, string> {
  const [first] = nodes;
  if (kind.shared?.files === undefined || first === undefined) return {};
  const paths = nodePaths(lab, first.name, programs);
  const files = kind.shared.files(nodes, plan, paths, (node) => netnsPath(lab, node));
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [join(paths.files, name), content]),
  );
}
