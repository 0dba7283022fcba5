/** What faults of BGP sessions have in common. */
import { until } from '../base/until.ts';
import type { Routing, RoutingSession } from '../kinds/contract.ts';
import type { LiveLab } from '../lab/index.ts';
import type { Refusal } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { chosen, refuseUnknown } from './nodes.ts';

export const kindsWithBgp = ['bird', 'ipvs', 'haproxy'] as const;

export function routingOf(lab: LiveLab, node: PlannedNode): Routing {
  const { routing } = lab.kindOf(node);
  if (routing === undefined) throw new Error(`${node.name} speaks no BGP`);
  return routing;
}

/** Names of the node's peers that a `peer` key stands for; all without one. */
export function peersOf(plan: Plan, { peers }: PlannedNode, peer: string | undefined): string[] {
  const all = [...new Set(peers.map(({ node }) => node))];
  return peer === undefined ? all : chosen(plan, peer, all);
}

export function refusePeer(plan: Plan, node: PlannedNode, peer: string | undefined): Refusal | undefined {
  if (peer === undefined) return undefined;
  const all = node.peers.map((each) => each.node);
  return refuseUnknown(plan, 'peer', peer, all, `BGP peers of ${node.name}`);
}

/** Waits until the sessions with these peers are as wanted. @throws WorldError with what was seen last */
export async function sessionsBecome(
  lab: LiveLab,
  node: PlannedNode,
  peers: readonly string[],
  wanted: (session: RoutingSession) => boolean,
  { why, withinMs }: { readonly why: string; readonly withinMs: number },
): Promise<string> {
  const view = lab.view(node);
  const { saw } = await until(
    async () => {
      const sessions = (await routingOf(lab, node).sessions(view)).filter(({ peer }) => peers.includes(peer));
      return { ok: sessions.every(wanted), saw: describe(node, sessions) };
    },
    { why, withinMs, everyMs: 50 },
  );
  return saw;
}

/** Where a node has several sessions with another, by the other's address. */
export function describe({ name }: PlannedNode, sessions: readonly RoutingSession[]): string {
  const isAlone = (peer: string): boolean => sessions.filter((each) => each.peer === peer).length === 1;
  return sessions
    .map(({ peer, address, state, watched }) => {
      const whom = isAlone(peer) ? peer : `${peer} (${address})`;
      return `${name} with ${whom}: ${state}, BFD ${watched ? 'up' : 'not up'}`;
    })
    .join('; ');
}
