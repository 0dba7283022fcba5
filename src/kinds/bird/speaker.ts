/** What every node with a BIRD of its own has in common: its daemon, whether its sessions are up and its ways known. */
import type { Probe } from '../../base/until.ts';
import type { BgpPeer, PlannedNode } from '../../topology/types.ts';
import type { Daemon, Kind, LabView, NodePaths, NodeView } from '../contract.ts';
import { lackingInService } from '../lacking.ts';
import { sessionName } from './config.ts';
import {
  askBird,
  controlSocket,
  kernelRoutes,
  type NextHop,
  parseBfdSessions,
  parseProtocols,
  parseRoutes,
  type ReplyLine,
  type Route,
} from './control.ts';
import { isReflector, isWatched, neighboursOf } from './neighbours.ts';
import { bgpOptions, milliseconds } from './options.ts';
import { type ExpectedWay, expectedWays, hasStaticNextHops, vipWays } from './ways.ts';

export const birdProgram = { command: 'bird', debianPackage: 'bird2', version: '--version' } as const;

export const birdFile = 'bird.conf';

export function birdDaemon(node: PlannedNode, paths: NodePaths): Daemon {
  const { bfd, bfd_interval } = bgpOptions.parse(node.options);
  return {
    name: 'bird',
    argv: ['bird', '-f', '-c', `${paths.linked}/${birdFile}`, '-s', controlSocket(paths.run)],
    urgent: true,
    quick: !bfd || milliseconds(bfd_interval) <= 500,
  };
}

/** BIRD keeps the sessions that stay as they are, and begins and ends the others (BIRD 2.0, doc/bird.sgml, reconfiguration). */
export const reloadSpeaker: NonNullable<Kind['reload']> = async (lab: LabView, node, was) => {
  if (was[birdFile] !== undefined) await askBird(lab.view(node), ['configure']);
};

/**
 * Every session is established and watched by BFD, and every way that there should be is known with all its next hops.
 * @param learns whether the node learns its ways at all
 */
export async function speakerReady(view: NodeView, learns = true): Promise<Probe> {
  const { node, plan } = view;
  if (node.peers.length === 0) {
    await askBird(view, ['show protocols']);
    return { ok: true, saw: 'no BGP neighbours' };
  }
  const [protocols = [], bfd = [], ...routes] = await askBird(view, [
    'show protocols',
    'show bfd sessions',
    ...kernelRoutes(node),
  ]);
  const known = parseRoutes(routes.flat());
  const lacking = await lackingInService(view, (out) => [
    ...missingSessions(node, protocols, bfd, (peer) => isWatched(plan, node, peer), out),
    ...missingWays(learns ? expectedWays(node, plan) : [], known, out),
  ]);
  return lacking.length === 0
    ? { ok: true, saw: `${node.peers.length} BGP sessions up` }
    : { ok: false, saw: lacking.join(', ') };
}

const nobody: ReadonlySet<string> = new Set();

/** A router that is known upstream while it knows only some of the next hops sends flows over those, and elsewhere a moment later. */
export async function routerLeadsOn(view: NodeView): Promise<Probe> {
  const { node, plan } = view;
  const wanted = isReflector(node) || hasStaticNextHops(node) ? [] : vipWays(node, plan);
  const routes = wanted.length === 0 ? [] : await askBird(view, kernelRoutes(node));
  const known = parseRoutes(routes.flat());
  const lacking = await lackingInService(view, (out) => missingWays(wanted, known, out));
  return { ok: lacking.length === 0, saw: lacking.join(', ') };
}

/** For `tierlab ps`. */
export async function speakerStats(view: NodeView): Promise<string[]> {
  const { node } = view;
  const [protocols = [], ...routes] = await askBird(view, ['show protocols', ...kernelRoutes(node)]);
  const up = parseProtocols(protocols).filter(
    ({ type, info }) => type === 'BGP' && info.startsWith('Established'),
  );
  const ways = parseRoutes(routes.flat()).map(
    ({ prefix, nextHops: hops }) => `${prefix} via ${hops.map((hop) => nameOf(node, hop)).join(', ')}`,
  );
  return [`${up.length} of ${node.peers.length} BGP sessions up`, ...ways];
}

export function missingSessions(
  node: PlannedNode,
  protocols: readonly ReplyLine[],
  bfd: readonly ReplyLine[],
  watchedBy: (peer: BgpPeer) => boolean = () => true,
  out: ReadonlySet<string> = nobody,
): string[] {
  const states = new Map(parseProtocols(protocols).map((protocol) => [protocol.name, protocol]));
  const watched = new Map(parseBfdSessions(bfd).map(({ address, state }) => [address, state]));
  return node.peers.flatMap((peer) => {
    if (out.has(peer.node)) return [];
    const info = states.get(sessionName(peer))?.info ?? 'not there';
    if (!info.startsWith('Established')) return [`BGP with ${peer.node}: ${info}`];
    if (!watchedBy(peer)) return [];
    const state = watched.get(peer.address) ?? 'not there';
    return state === 'Up' ? [] : [`BFD with ${peer.node}: ${state}`];
  });
}

export function missingWays(
  expected: readonly ExpectedWay[],
  routes: readonly Route[],
  out: ReadonlySet<string> = nobody,
): string[] {
  return expected.flatMap(({ prefix, nextHops: wanted }) => {
    const used = new Set(hopsTo(routes, prefix).map(({ address }) => address));
    const without = wanted.filter(({ node, address }) => !used.has(address) && !out.has(node));
    return without.length === 0
      ? []
      : [`no way to ${prefix} via ${without.map(({ node }) => node).join(', ')}`];
  });
}

const hopsTo = (routes: readonly Route[], prefix: string): NextHop[] =>
  routes.filter((route) => route.prefix === prefix).flatMap((route) => route.nextHops);

const nameOf = (node: PlannedNode, { address }: NextHop): string =>
  neighboursOf(node).find((neighbour) => neighbour.address === address)?.node ?? address;
