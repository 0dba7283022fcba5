/** What a node with a BIRD of its own can be asked for while it runs. */

import type { Measures } from '../../topology/types.ts';
import { byFamily } from '../by-family.ts';
import type { NodeView } from '../contract.ts';
import { askBird, kernelRoutes, parseProtocols, parseRoutes } from './control.ts';
import { neighboursOf } from './neighbours.ts';
import { nextHops } from './next-hops.ts';
import { hasStaticNextHops } from './ways.ts';

export const speakerMeasures: Measures = {
  bgp_up: { type: 'gauge', meaning: 'BGP sessions that are established' },
  ways: { type: 'gauge', meaning: 'neighbours over which it sends packets on' },
  'way.<node>': { type: 'gauge', meaning: '1 if it sends packets on over that neighbour, else 0' },
  'way4.<node>': { type: 'gauge', meaning: 'the same, of IPv4; only where they meet in both families' },
  'way6.<node>': { type: 'gauge', meaning: 'the same, of IPv6; only where they meet in both families' },
};

const noFixedHops: readonly string[] = [];

/** The measures of `speakerMeasures`. Asking the kernel for fixed next hops takes a process, so only where there are some. */
export async function measureSpeaker(view: NodeView): Promise<Record<string, number>> {
  const { peers } = view.node;
  if (peers.length === 0) return { bgp_up: 0, ways: 0 };
  const [[protocols = [], ...routes], fixed] = await Promise.all([
    askBird(view, ['show protocols', ...kernelRoutes(view.node)]),
    hasStaticNextHops(view.node) ? nextHops.read(view) : noFixedHops,
  ]);
  const up = parseProtocols(protocols).filter(
    ({ type, info }) => type === 'BGP' && info.startsWith('Established'),
  );
  const hops = new Set(
    parseRoutes(routes.flat()).flatMap((route) => route.nextHops.map(({ address }) => address)),
  );
  const ends = neighboursOf(view.node).map(({ node, address }) => ({
    node,
    address,
    value: hops.has(address) || fixed.includes(node) ? 1 : 0,
  }));
  const { values, nodes } = byFamily('way', ends);
  return { bgp_up: up.length, ways: nodes, ...values };
}
