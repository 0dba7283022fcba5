import type { Probe } from '../../base/until.ts';
import type { Kind, NodeStats, NodeView } from '../contract.ts';
import { drain, routerConfig } from './drain.ts';
import { measureSpeaker, speakerMeasures } from './measures.ts';
import { bgpOptions } from './options.ts';
import { routing } from './routing.ts';
import { birdDaemon, birdFile, birdProgram, speakerReady, speakerStats } from './speaker.ts';
import { forwarding } from './sysctls.ts';

/** A router: spreads flows over all equal ways that it learned by BGP, and loses a dead neighbour within BFD's time. */
export const bird: Kind = {
  traits: {
    name: 'bird',
    summary: 'a router: BIRD with BGP, BFD and ECMP',
    options: bgpOptions,
    keys: { asn: 'required' },
    bgp: 'router',
    measures: speakerMeasures,
    drains: true,
  },
  modules: [],
  programs: [birdProgram],
  render: (node, plan) => ({ [birdFile]: routerConfig(node, plan) }),
  ipBatch: () => [],
  sysctls: (node) => forwarding(node),
  daemons: (_node, _plan, paths) => [birdDaemon(paths)],
  ready: (view: NodeView): Promise<Probe> => speakerReady(view),
  drain,
  routing,
  measure: measureSpeaker,
  stats: async (view: NodeView): Promise<NodeStats> => ({ facts: await speakerStats(view) }),
};
