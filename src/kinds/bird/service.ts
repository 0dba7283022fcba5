/** Taking a node that speaks BGP out of service and putting it back: what its neighbours use is what counts. */
import type { Probe } from '../../base/until.ts';
import type { Neighbour, Plan, PlannedNode } from '../../topology/types.ts';
import type { LabView, NodeView } from '../contract.ts';
import { sessionName } from './config.ts';
import { askBird, kernelRoutes, parseRoutes } from './control.ts';
import { neighboursOf } from './neighbours.ts';
import { birdFile } from './speaker.ts';
import { expectedWays, hasStaticNextHops, vipWays } from './ways.ts';

/** Which neighbours, of those that run, send packets over this node. */
async function usersOf(lab: LabView, node: PlannedNode, peers = neighboursOf(node)): Promise<Neighbour[]> {
  const asked = await Promise.all(
    peers.map(async (peer) => {
      const [neighbour] = await running(lab, [peer]);
      if (neighbour === undefined) return [];
      const routes = await askBird(lab.view(neighbour), kernelRoutes(neighbour));
      const hops = parseRoutes(routes.flat()).flatMap(({ nextHops }) => nextHops);
      return hops.some(({ address }) => address === peer.localAddress) ? [peer] : [];
    }),
  );
  return asked.flat();
}

/** @returns why the node cannot leave: routers with fixed next hops would go on sending to it */
export function refuseFixed(node: PlannedNode, plan: Plan): string | undefined {
  const bound = plan.nodes.filter(
    (router) =>
      hasStaticNextHops(router) &&
      vipWays(router, plan).some((way) => way.nextHops.some((hop) => hop.node === node.name)),
  );
  if (bound.length === 0) return undefined;
  const names = bound.map(({ name }) => name).join(', ');
  return `${names} would go on sending to ${node.name}: their next hops are fixed (router.nexthop takes one out)`;
}

/** No neighbour uses the node. */
export async function unused(lab: LabView, node: PlannedNode): Promise<Probe> {
  const users = await usersOf(lab, node);
  const names = [...new Set(users.map((peer) => peer.node))].join(', ');
  return users.length === 0 ? { ok: true, saw: 'nobody' } : { ok: false, saw: `still used by ${names}` };
}

/** Every running neighbour that should use the node when all is well does. */
export async function used(lab: LabView, node: PlannedNode): Promise<Probe> {
  const wanted = await Promise.all(
    neighboursOf(node)
      .filter((peer) => shouldUse(lab.plan, peer))
      .map(async (peer) => ((await running(lab, [peer])).length === 0 ? [] : [peer])),
  );
  const users = await usersOf(lab, node, wanted.flat());
  const without = wanted.flat().filter((peer) => !users.includes(peer));
  const names = [...new Set(without.map((peer) => peer.node))].join(', ');
  return without.length === 0 ? { ok: true, saw: 'all' } : { ok: false, saw: `not yet used by ${names}` };
}

/** Whether the clients of a reflector that run have ways from it: all that should have any, or none. */
export async function told(lab: LabView, reflector: PlannedNode, wanted: boolean): Promise<Probe> {
  const clients = await running(lab, reflector.peers);
  const others = await Promise.all(
    clients
      .filter((client) => expectedWays(client, lab.plan).length > 0)
      .map(async (client) => {
        const sessions = client.peers.filter(({ node }) => node === reflector.name);
        const routes = await askBird(
          lab.view(client),
          sessions.map((session) => `show route protocol '${sessionName(session)}'`),
        );
        return parseRoutes(routes.flat()).length > 0 === wanted ? [] : [client.name];
      }),
  );
  const names = others.flat().join(', ');
  if (names === '') return { ok: true, saw: 'all' };
  return { ok: false, saw: wanted ? `not yet told: ${names}` : `still told: ${names}` };
}

/** Has the node at least one way to wherever it should have any? A node that has just started has none yet. */
export async function knowing(view: NodeView): Promise<Probe> {
  const routes = await askBird(view, kernelRoutes(view.node));
  const known = new Set(parseRoutes(routes.flat()).map(({ prefix }) => prefix));
  const wanted = expectedWays(view.node, view.plan).map(({ prefix }) => prefix);
  const without = wanted.filter((prefix) => !known.has(prefix));
  return without.length === 0
    ? { ok: true, saw: 'all' }
    : { ok: false, saw: `no way to ${without.join(', ')} yet` };
}

/**
 * Lets BIRD read another configuration, now and whenever it starts again. BGP sessions stay up where only what is said
 * in them differs.
 */
export async function configure(lab: LabView, node: PlannedNode, text: string): Promise<void> {
  await lab.write(node, birdFile, text);
  await askBird(lab.view(node), ['configure']);
}

/**
 * A counter that has stood still for a while: packets that were on their way when the last neighbour turned away have
 * passed, and nobody has sent any since.
 * @param what the counter counts, for people: "packets"
 */
export function idle(what: string, read: () => Promise<number>): () => Promise<Probe> {
  let last: { readonly count: number; readonly since: number } | undefined;
  return async () => {
    const count = await read();
    const now = performance.now();
    if (last?.count !== count) last = { count, since: now };
    const stillMs = now - last.since;
    return { ok: stillMs >= idleMs, saw: `${count} ${what}, the same for ${Math.round(stillMs)} ms` };
  };
}

/** A flow that is alive says something in this time: heartbeats come once a second where nothing else is asked for. */
const idleMs = 1200;

async function running(lab: LabView, peers: readonly Neighbour[]): Promise<PlannedNode[]> {
  const nodes = peers.flatMap((peer) => lab.plan.nodes.find(({ name }) => name === peer.node) ?? []);
  const alive = await Promise.all(nodes.map((node) => lab.alive(node)));
  return nodes.filter((_, i) => alive[i]);
}

function shouldUse(plan: Plan, peer: Neighbour): boolean {
  const neighbour = plan.nodes.find(({ name }) => name === peer.node);
  if (neighbour === undefined) return false;
  return expectedWays(neighbour, plan).some(({ nextHops }) =>
    nextHops.some(({ address }) => address === peer.localAddress),
  );
}
