import { isDeepStrictEqual } from 'node:util';
import type { Plan, PlannedNode } from '../topology/types.ts';

/** What makes one plan out of another. */
export interface PlanDifference {
  /** Of the new plan. */
  readonly added: readonly PlannedNode[];
  /** Of the old plan. */
  readonly removed: readonly PlannedNode[];
  /** Names of the nodes of both. */
  readonly kept: readonly string[];
  /** What cannot be changed in a lab that is up, one sentence each; empty: all of it can. */
  readonly refusals: readonly string[];
}

/**
 * The difference between the plan of a lab that is up and a new one made with it in mind (`planTopology(…, former)`). Nodes
 * are the same by name. Pure.
 */
export function diffPlans(before: Plan, after: Plan): PlanDifference {
  const old = new Map(before.nodes.map((node) => [node.name, node]));
  const names = new Set(after.nodes.map(({ name }) => name));
  const removed = before.nodes.filter(({ name }) => !names.has(name));
  const added = after.nodes.filter(({ name }) => !old.has(name));
  const kept = after.nodes.flatMap((node) => {
    const known = old.get(node.name);
    return known === undefined ? [] : [{ before: known, after: node }];
  });
  return {
    added,
    removed,
    kept: kept.map((each) => each.after.name),
    refusals: [
      ...refuseServices(before, after),
      ...refuseNetworks(before, after),
      ...kept.flatMap((each) => refuseChange(each.before, each.after)),
      ...refuseInheritance(removed, added),
    ],
  };
}

function refuseServices({ services: before }: Plan, { services: after }: Plan): string[] {
  return isDeepStrictEqual(before, after) ? [] : ['the services (VIPs, ports, protocols) differ'];
}

function refuseNetworks({ networks: before }: Plan, { networks: after }: Plan): string[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [old, wanted] = [before, after].map((all) => all.find((network) => network.name === name));
    if (old === undefined) return [`network ${name} is new`];
    if (wanted === undefined) return [`network ${name} is gone`];
    if (old.subnet !== wanted.subnet) return [`network ${name} has another subnet`];
    return old.mtu === wanted.mtu ? [] : [`network ${name} has another MTU (${old.mtu}, then ${wanted.mtu})`];
  });
}

/** What a node is, and where it is plugged in: it would have to be made anew, and all that it carries would be lost. */
function refuseChange(before: PlannedNode, after: PlannedNode): string[] {
  const what: readonly (readonly [keyof PlannedNode, string])[] = [
    ['kind', 'is of another kind'],
    ['interfaces', 'is on other networks, or has other addresses there'],
    ['sources', 'has other source addresses'],
    ['asn', 'has another AS number'],
  ];
  return what
    .filter(([key]) => !isDeepStrictEqual(before[key], after[key]))
    .slice(0, 1)
    .map(([, text]) => `${after.name} ${text}`);
}

/** New nodes are there before old ones go, so that the others are never without. */
function refuseInheritance(removed: readonly PlannedNode[], added: readonly PlannedNode[]): string[] {
  const owners = new Map(
    removed.flatMap(({ name, interfaces }) => interfaces.map(({ address }) => [address, name])),
  );
  return added.flatMap(({ name, interfaces }) =>
    interfaces.flatMap(({ address, network }) => {
      const owner = owners.get(address);
      return owner === undefined
        ? []
        : [`${name} would get the address of ${owner}: network ${network} has no other left`];
    }),
  );
}
