import type { Probe } from '../../base/until.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import type { Kind, NodeStats, NodeView } from '../contract.ts';
import { birdConfig } from './config.ts';
import { drain } from './drain.ts';
import { bgpOptions } from './options.ts';
import { drainedFile } from './service.ts';
import { birdDaemon, birdFile, birdProgram, speakerReady, speakerStats } from './speaker.ts';
import { forwarding } from './sysctls.ts';
import { clientInterfaces } from './ways.ts';

/** A router: spreads flows over all equal ways that it learned by BGP, and loses a dead neighbour within BFD's time. */
export const bird: Kind = {
  traits: {
    name: 'bird',
    summary: 'a router: BIRD with BGP, BFD and ECMP',
    options: bgpOptions,
    keys: { asn: 'required' },
    bgp: 'router',
    drains: true,
  },
  modules: [],
  programs: [birdProgram],
  render: (node, plan) => ({
    [birdFile]: routerConfig(node, plan, false),
    [drainedFile]: routerConfig(node, plan, true),
  }),
  ipBatch: () => [],
  sysctls: (node) => forwarding(node),
  daemons: (_node, _plan, paths) => [birdDaemon(paths)],
  ready: (view: NodeView): Promise<Probe> => speakerReady(view),
  drain,
  stats: async (view: NodeView): Promise<NodeStats> => ({ facts: await speakerStats(view) }),
};

function routerConfig(node: PlannedNode, plan: Plan, drained: boolean): string {
  return birdConfig(node, plan, {
    interfaces: clientInterfaces(node, plan),
    staticRoutes: true,
    transit: true,
    drained,
  });
}
