import type { Probe } from '../../base/until.ts';
import type { Kind, NodeStats, NodeView } from '../contract.ts';
import { cableMeasures, measureCables } from './cables.ts';
import { drain, routerConfig } from './drain.ts';
import { measureSpeaker, speakerMeasures } from './measures.ts';
import { isReflector } from './neighbours.ts';
import { nextHopBatch, nextHops } from './next-hops.ts';
import { routerOptions } from './options.ts';
import { routing } from './routing.ts';
import {
  birdDaemon,
  birdFile,
  birdProgram,
  reloadSpeaker,
  routerLeadsOn,
  speakerReady,
  speakerStats,
} from './speaker.ts';
import { forwarding, wayfinding } from './sysctls.ts';
import { speakerUpkeep } from './upkeep.ts';
import { hasStaticNextHops } from './ways.ts';

/** A router: spreads flows over all equal ways that it learned by BGP, and loses a dead neighbour within BFD's time. */
export const bird: Kind = {
  traits: {
    name: 'bird',
    summary: 'a router: BIRD with BGP, BFD and ECMP',
    options: routerOptions,
    keys: { asn: 'required', reflects: 'optional' },
    bgp: 'router',
    measures: { ...speakerMeasures, ...cableMeasures },
    drains: true,
    upkeep: speakerUpkeep,
  },
  modules: [],
  programs: [birdProgram],
  render: (node, plan) => ({ [birdFile]: routerConfig(node, plan) }),
  ipBatch: nextHopBatch,
  sysctls: (node) => (isReflector(node) ? wayfinding(node) : forwarding(node)),
  daemons: (node, _plan, paths) => [birdDaemon(node, paths)],
  ready: (view: NodeView): Promise<Probe> => speakerReady(view),
  drain,
  routing,
  reload: reloadSpeaker,
  leadsOn: routerLeadsOn,
  measure: async (view) => {
    const [speaker, cables] = await Promise.all([measureSpeaker(view), measureCables(view)]);
    return { ...speaker, ...cables };
  },
  nextHops,
  stats: async (view: NodeView): Promise<NodeStats> => ({
    facts: [...(await speakerStats(view)), ...(await fixedWays(view))],
  }),
};

/** For `tierlab ps`: asking the kernel takes a process, so only where BIRD does not know. */
async function fixedWays(view: NodeView): Promise<string[]> {
  if (!hasStaticNextHops(view.node)) return [];
  return [`fixed next hops ${(await nextHops.read(view)).join(', ')}`];
}
