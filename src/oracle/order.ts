/** The order in which an L4 node has its servers, on which its table depends. */
import { familyOf } from '../base/ip.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { chooserOf, serviceFor } from './scheduler.ts';

/** Of the fault `l4.order`: the planned order reversed, or the servers that come first, then the others as planned. */
export type Order = 'reverse' | readonly string[];

export function reordered(node: PlannedNode, order: Order): PlannedNode {
  const { targets } = node;
  if (order === 'reverse') return { ...node, targets: targets.toReversed() };
  const first = order.flatMap((name) => targets.filter((target) => target.node === name));
  return { ...node, targets: [...first, ...targets.filter((target) => !first.includes(target))] };
}

/**
 * Says of a client's end whether the L7 of a flow from there is another when an L4 node has its servers in reverse order.
 * @throws Error if that can be so of no flow: no L4 node of the service, a single server, or a scheduler that does not hash
 */
export function contestedFlows(plan: Plan): (service: string, address: string, port: number) => boolean {
  const tests = new Map<string, (address: string, port: number) => boolean>();
  return (service, address, port) => {
    const key = `${service} ${familyOf(address)}`;
    const known = tests.get(key) ?? testOf(plan, service, address);
    tests.set(key, known);
    return known(address, port);
  };
}

function testOf(plan: Plan, service: string, client: string): (address: string, port: number) => boolean {
  const found = serviceFor(plan, service, client);
  const l4 = plan.nodes.find(
    ({ kind, services }) => kind === 'ipvs' && services.some(({ name }) => name === service),
  );
  const choosers =
    l4 === undefined || found === undefined
      ? []
      : [l4, reordered(l4, 'reverse')].map((node) => chooserOf(node, found));
  const [planned, reverse] = choosers;
  if (
    planned === undefined ||
    reverse === undefined ||
    new Set(l4?.targets.map(({ node }) => node)).size === 1
  )
    throw new Error(`no flow of ${service} is contested: its L7 depends on no order`);
  return (address, from) => planned(address, from) !== reverse(address, from);
}
