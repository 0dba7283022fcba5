import { familyOf } from '../../base/ip.ts';
import type { Probe } from '../../base/until.ts';
import type { PlannedNode } from '../../topology/types.ts';
import { announceDevice, announcing } from '../bird/announcing.ts';
import { birdConfig } from '../bird/config.ts';
import { neighboursOf } from '../bird/neighbours.ts';
import { routing } from '../bird/routing.ts';
import {
  birdDaemon,
  birdFile,
  birdProgram,
  reloadSpeaker,
  speakerReady,
  speakerStats,
} from '../bird/speaker.ts';
import { quietVips, wayfinding } from '../bird/sysctls.ts';
import { speakerUpkeep } from '../bird/upkeep.ts';
import type { Kind, NodeView } from '../contract.ts';
import { announcerDaemon, announcerFile, announcerScript } from './announcer.ts';
import { checksOf, drainedFile, ejection, haproxyConfig } from './config.ts';
import { drain } from './drain.ts';
import { keepStates, noStates, statesFile } from './kept-states.ts';
import { alignServers, withoutServers } from './live-servers.ts';
import { haproxyMeasures, measureProxy } from './measures.ts';
import { haproxyFile, haproxyOptions, hasStaticWay } from './options.ts';
import { proxying } from './proxying.ts';
import { parseServers, statsSocket } from './stats.ts';
import { tracing } from './tracing.ts';
import { tunnelDevices, tunnelModules, tunnels } from './tunnel.ts';

/**
 * An L7 proxy: takes clients' connections from tier 2's tunnels, and answers them directly through the routers. Where no L4 node
 * passes anything on to it, it announces the VIPs itself.
 */
export const haproxy: Kind = {
  traits: {
    name: 'haproxy',
    summary: 'an L7 proxy: HAProxy, and BIRD for its way back',
    options: haproxyOptions,
    keys: { serves: 'required', to: 'required', asn: 'optional' },
    bgp: 'speaker',
    measures: haproxyMeasures,
    drains: true,
    ejection: (options) => ejection(haproxyOptions.parse(options)),
    upkeep: (node, nodes) => [...speakerUpkeep(node, nodes), checksOf(node)],
    passesTo: ['web'],
    devices: [...tunnelDevices, announceDevice],
  },
  modules: ['ipip', 'dummy'],
  modulesOf: tunnelModules,
  programs: [birdProgram, { command: 'haproxy', debianPackage: 'haproxy', version: '-v' }],
  render: (node, plan, paths) => ({
    [birdFile]: birdConfig(node, plan, {
      interfaces: node.announces ? [announceDevice] : [],
      staticRoutes: false,
      transit: false,
      deaf: hasStaticWay(node),
    }),
    [haproxyFile]: haproxyConfig(node, paths),
    [drainedFile]: '',
    [statesFile]: noStates,
    ...(node.announces ? { [announcerFile]: announcerScript } : {}),
  }),
  ipBatch: (node) => [
    ...(node.announces ? announcing(node) : tunnels(node)),
    ...(hasStaticWay(node) ? staticWay(node) : []),
  ],
  sysctls: (node) => ({ ...wayfinding(node), ...quietVips }),
  daemons: (node, _plan, paths) => [
    birdDaemon(node, paths),
    ...(node.announces ? [announcerDaemon(node, paths)] : []),
    // No master process (`-W`): it loads everything twice, and a new process can take the listeners over (`-x`, `-sf`) without.
    { name: 'haproxy', argv: ['haproxy', '-db', '-f', `${paths.linked}/${haproxyFile}`] },
  ],
  ready,
  drain,
  routing,
  proxying,
  async reload(lab, node, was) {
    await reloadSpeaker(lab, node, was);
    const before = was[haproxyFile];
    if (before === undefined) return;
    const view = lab.view(node);
    // Without those that go: others may come under their names.
    await keepStates(lab, node);
    // A process that is taken over from ends one day, and its connections with it: not for a backend more or less.
    const isOnlyServers = withoutServers(before) === withoutServers(haproxyConfig(node, view.paths));
    if (isOnlyServers && (await alignServers(view))) return;
    await lab.start(node, proxying.daemon, proxying.takeOver(view, await proxying.pid(view)));
  },
  tracing,
  measure: measureProxy,
  stats: async (view) => ({ facts: [...(await proxyFacts(view)), ...(await speakerStats(view))] }),
};

/** One route over all routers, as it is written where nothing tells of their death. */
function staticWay(node: PlannedNode): string[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const hops = neighboursOf(node)
      .filter(({ address }) => familyOf(address) === family)
      .map(({ address, interface: device }) => `nexthop via ${address} dev ${device}`);
    const command = family === 'ipv4' ? 'route' : '-6 route';
    return hops.length === 0 ? [] : [`${command} add default ${hops.join(' ')}`];
  });
}

async function ready(view: NodeView): Promise<Probe> {
  const servers = await askServers(view);
  // Those that somebody took out of use are as they should be.
  const down = servers.filter(({ status }) => !/^(UP|DRAIN|MAINT)/.test(status));
  if (servers.length === 0) return { ok: false, saw: 'HAProxy has no backends' };
  if (down.length > 0) {
    const list = down.map(({ name, status, check }) => `${name} ${status} ${check}`);
    return { ok: false, saw: `backends: ${list.join(', ')}` };
  }
  const ways = await speakerReady(view, !hasStaticWay(view.node));
  const up = servers.filter(({ status }) => status.startsWith('UP')).length;
  if (up === 0) return { ok: false, saw: 'all backends are out of use' };
  const others = up === servers.length ? '' : ` and ${servers.length - up} out of use`;
  return { ok: ways.ok, saw: `${up} backends up${others}, ${ways.saw}` };
}

async function proxyFacts(view: NodeView): Promise<string[]> {
  const servers = await askServers(view);
  const up = servers.filter(({ status }) => status.startsWith('UP'));
  const sessions = servers.reduce((sum, server) => sum + server.sessions, 0);
  return [`${up.length} of ${servers.length} backends up`, `${sessions} sessions`];
}

const askServers = async (view: NodeView) =>
  parseServers(await view.ask(statsSocket(view.paths), 'show stat -1 4 -1\n'));
