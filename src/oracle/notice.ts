/** How long it is until those who lead flows over a node know that it is dead, and who never knows. */
import { parseDuration } from '../base/units.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import type { Way } from './ecmp.ts';
import { nodeIn } from './state.ts';
import type { Turn } from './turns.ts';

type Death = Pick<Turn, 'before' | 'after'>;

/** @returns 0 where BFD notices at once, or nobody on the way has died */
export function unnoticedMs(way: Way, turn: Death): number {
  const { plan } = turn.before;
  const at = way?.findIndex((name) => diedIn(turn, name)) ?? -1;
  const [dead, router] = [way?.[at], way?.[at - 1]].map((name) => nodeIn(plan, name));
  if (dead === undefined || router === undefined || isWatched(plan, [dead, router])) return 0;
  // BGP takes the smaller of the two (RFC 4271, 4.2).
  return Math.min(...[dead, router].map(({ options }) => parseDuration(String(options.hold_time)) ?? 0));
}

/** Does it send its answers by a static route, over a router that has died? */
export function losesWayBack(l7: string | null, turn: Death): boolean {
  const node = nodeIn(turn.before.plan, l7);
  return node?.options.way_back === 'static' && node.peers.some((peer) => diedIn(turn, peer.node));
}

/** How long clients go on with what dead reflectors told them: 0 where BFD watches these. */
export function rememberedMs(turn: Death & Pick<Turn, 'targets'>): number {
  const { nodes } = turn.before.plan;
  const dead = nodes.filter(
    (node) => turn.targets.includes(node.name) && isReflector(node) && diedIn(turn, node.name),
  );
  const clients = nodes.filter(
    ({ kind, peers }) => kind === 'bird' && peers.some(({ node }) => dead.some(({ name }) => name === node)),
  );
  const all = [...dead, ...clients];
  if (dead.length === 0 || all.every(({ options }) => options.bfd !== false)) return 0;
  return Math.min(...all.map(({ options }) => parseDuration(String(options.hold_time)) ?? 0));
}

/** It passes routes on between its clients, and carries no packets. */
export const isReflector = ({ peers }: PlannedNode): boolean => peers.some(({ role }) => role === 'client');

const diedIn = ({ before, after }: Death, name: string): boolean =>
  after.deaf.has(name) && !before.deaf.has(name);

/** Where reflectors stand between them, it is they who watch. */
const isWatched = ({ nodes }: Plan, ends: readonly PlannedNode[]): boolean =>
  [...ends, ...nodes.filter(isReflector)].every(({ options }) => options.bfd !== false);
