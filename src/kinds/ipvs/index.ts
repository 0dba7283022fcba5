import { endpoint } from '../../base/ip.ts';
import type { Probe } from '../../base/until.ts';
import type { PlannedNode } from '../../topology/types.ts';
import { announceDevice, announcing } from '../bird/announcing.ts';
import { milliseconds } from '../bird/options.ts';
import { routing } from '../bird/routing.ts';
import {
  birdDaemon,
  birdFile,
  birdProgram,
  reloadSpeaker,
  speakerReady,
  speakerStats,
} from '../bird/speaker.ts';
import { forwarding, quietVips } from '../bird/sysctls.ts';
import { speakerUpkeep } from '../bird/upkeep.ts';
import type { CarriedFlow, Kind, NodeStats, NodeView } from '../contract.ts';
import { lackingInService } from '../lacking.ts';
import { announceFile, announceScript } from './announce.ts';
import { balancing, reloadKeepalived } from './balancing.ts';
import { idleSeconds, parseConnections } from './connections.ts';
import { drain, speakerConfig } from './drain.ts';
import { announcedBy, checksOf, keepalivedConfig, keepalivedFile } from './keepalived.ts';
import { ipvsMeasures, measureBalancer } from './measures.ts';
import { ejection, ipvsOptions } from './options.ts';
import { askServers, missingServers } from './servers.ts';

/** An L4 balancer: IPVS chooses the server, keepalived knows which are well, BIRD announces the VIPs. */
export const ipvs: Kind = {
  traits: {
    name: 'ipvs',
    summary: 'an L4 balancer: IPVS, keepalived and BIRD',
    options: ipvsOptions,
    keys: { serves: 'required', to: 'required', asn: 'optional' },
    bgp: 'speaker',
    measures: ipvsMeasures,
    drains: true,
    upkeep: (node, nodes) => [...speakerUpkeep(node, nodes), checksOf(node)],
    passesTo: ['haproxy'],
    devices: [announceDevice],
    tunnelOverhead: (_options, family) => outerHeader[family],
    ejection: (options) => ejection(ipvsOptions.parse(options)),
    keepsFamily: true,
    hashes: (options, { scheduler = ipvsOptions.parse(options).scheduler }) => scheduler !== 'rr',
  },
  modules: ['dummy', 'ip_vs', 'ip_vs_mh', 'ip_vs_sh', 'ip_vs_rr', 'ipip'],
  programs: [
    birdProgram,
    { command: 'keepalived', debianPackage: 'keepalived', version: '--version' },
    { command: 'ipvsadm', debianPackage: 'ipvsadm', version: '--version' },
  ],
  render: (node, plan, paths) => ({
    [birdFile]: speakerConfig(node, plan),
    [keepalivedFile]: keepalivedConfig(node, paths),
    [announceFile]: announceScript(announcedBy(node)),
  }),
  ipBatch: announcing,
  sysctls: (node) => ({ ...forwarding(node), ...quietVips, ...balancerSysctls(node) }),
  daemons: (node, _plan, paths) => [
    birdDaemon(node, paths),
    {
      name: 'keepalived',
      // Its checks are on a timer, and it waits a second before the first one (BOOTSTRAP_DELAY in its source).
      urgent: true,
      late: milliseconds(ipvsOptions.parse(node.options).check_interval) > 1000,
      argv: [
        'keepalived',
        '--dont-fork',
        '--log-console',
        '--log-detail',
        '--no-syslog',
        '--check',
        // keepalived 2.3 locks that part's pid file too, which is one for the machine, also where no part of it runs.
        '--no_bfd',
        '--use-file',
        `${paths.linked}/${keepalivedFile}`,
        '--pid',
        `${paths.run}/keepalived-main.pid`,
        '--checkers_pid',
        `${paths.run}/keepalived-check.pid`,
      ],
    },
  ],
  ready,
  drain,
  routing,
  balancing,
  async reload(lab, node, was) {
    await reloadSpeaker(lab, node, was);
    if (was[keepalivedFile] !== undefined) await reloadKeepalived(lab.view(node));
  },
  measure: measureBalancer,
  stats: async (view: NodeView): Promise<NodeStats> => ({
    facts: [...(await balancerFacts(view)), ...(await speakerStats(view))],
  }),
  flows,
};

/** Bytes of an IPv4 header (RFC 791) and of an IPv6 one (RFC 8200). */
const outerHeader = { ipv4: 20, ipv6: 40 } as const;

/** Linux Documentation/networking/ipvs-sysctl.rst. */
function balancerSysctls(node: PlannedNode): Record<string, string> {
  const { sloppy_tcp, schedule_icmp } = ipvsOptions.parse(node.options);
  return {
    'net/ipv4/vs/sloppy_tcp': sloppy_tcp ? '1' : '0',
    // A flow whose server is gone is neither cut nor rescheduled: it may come back, as with a keepalived that begins anew.
    'net/ipv4/vs/expire_nodest_conn': '0',
    'net/ipv4/vs/expire_quiescent_template': '0',
    // A client port that is used again is a new flow, also where the old one's entry is still there. Without the second bit that
    // holds for TIME_WAIT only, which a balancer that answers do not pass through never sees: it knows FIN_WAIT, for two minutes
    // (net/netfilter/ipvs/ip_vs_core.c, is_new_conn_expected).
    'net/ipv4/vs/conn_reuse_mode': '3',
    // ICMP errors for a flow that this node has never seen find its server too: path MTU discovery works whichever L4 node they come to.
    'net/ipv4/vs/schedule_icmp': schedule_icmp ? '1' : '0',
    // The plan gives networks behind a tunnel the larger MTU; whoever sends too much all the same is told.
    'net/ipv4/vs/pmtu_disc': '1',
    'net/ipv4/vs/run_estimation': '1',
  };
}

/** Its neighbours know it, and every server of its services has a weight. */
async function ready(view: NodeView): Promise<Probe> {
  const ways = await speakerReady(view);
  if (!ways.ok) return ways;
  const servers = await askServers(view);
  const lacking = await lackingInService(view, (out) => missingServers(view.node, servers, out));
  return lacking.length === 0
    ? { ok: true, saw: `${servers.length} servers up, ${ways.saw}` }
    : { ok: false, saw: lacking.join(', ') };
}

async function flows(view: NodeView): Promise<readonly CarriedFlow[]> {
  const { node } = view;
  const services = new Map(node.services.map(({ name, vip, port }) => [endpoint(vip, port), name]));
  const { timeouts } = ipvsOptions.parse(node.options);
  const own = {
    ESTABLISHED: milliseconds(timeouts.tcp) / 1000,
    FIN_WAIT: milliseconds(timeouts.tcpfin) / 1000,
  };
  const targets = new Map(node.targets.map(({ node: name, address }) => [address, name]));
  return parseConnections(await view.readFile('/proc/net/ip_vs_conn')).flatMap((connection) => {
    const service = services.get(endpoint(connection.vip, connection.port));
    const target = targets.get(connection.server);
    if (service === undefined || target === undefined) return [];
    return [
      {
        client: endpoint(connection.client, connection.clientPort),
        service,
        target,
        idleSeconds: idleSeconds(connection, own),
        state: connection.state,
      },
    ];
  });
}

async function balancerFacts(view: NodeView): Promise<string[]> {
  const servers = await askServers(view);
  const up = servers.filter(({ weight }) => weight > 0);
  const active = servers.reduce((sum, server) => sum + server.active, 0);
  return [`${up.length} of ${servers.length} servers up`, `${active} connections`];
}
