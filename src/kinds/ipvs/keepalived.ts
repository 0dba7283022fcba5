/**
 * keepalived checks the servers and sets their weights; it never takes one out of the table (`inhibit_on_failure`), because
 * the Maglev table depends on the order of insertion, which must be the same on all L4 nodes. It puts each VIP on the
 * dummy `announce` while at least one server is well (see announce.ts), whence the node's BIRD announces it.
 */
import { matching } from '../../base/families.ts';
import { familyOf } from '../../base/ip.ts';
import type { PlannedNode, Scheduler, Service, Upkeep } from '../../topology/types.ts';
import { announceDevice } from '../bird/announcing.ts';
import { milliseconds } from '../bird/options.ts';
import type { NodePaths } from '../contract.ts';
import { type Announced, announceFifo, announceFile, settlingSeconds } from './announce.ts';
import { type IpvsOptions, ipvsOptions, schedulerOf } from './options.ts';

export const keepalivedFile = 'keepalived.conf';

/** @returns the text of `keepalived.conf` */
export function keepalivedConfig(node: PlannedNode, paths: NodePaths): string {
  const options = ipvsOptions.parse(node.options);
  return `${[
    'global_defs {',
    '  script_user root',
    '  enable_script_security',
    // A keepalived that was killed leaves its table behind; the next one begins with an empty one.
    '  lvs_flush',
    // The kernel's are those of the node's namespace alone (net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_set_timeout).
    `  lvs_timeouts ${timeouts(options)}`,
    `  lvs_notify_fifo ${paths.run}/${announceFifo}`,
    `  lvs_notify_fifo_script "/usr/bin/perl ${paths.linked}/${announceFile} ${announceDevice} ${settlingSeconds(options)}"`,
    '}',
    ...alike(node).flatMap((services) => virtualServer(node, services, options)),
  ].join('\n')}\n`;
}

/** As keepalived calls its virtual servers (keepalived/check/check_data.c, format_vs). */
export function announcedBy(node: PlannedNode): Announced[] {
  return alike(node).map((services) => {
    const [{ vip, port }] = services;
    return {
      name: services.length === 1 ? `[${vip}]:tcp:${port}` : `[${groupName(node, services[0])}]:0`,
      servers: matching(node.targets, vip).length,
      vips: services.map((service) => service.vip),
    };
  });
}

/** Each L4 node asks each server. Measured in a guest: 1.6 ms for a check and its answer. */
export function checksOf(node: PlannedNode): Upkeep {
  const checked = alike(node).reduce((sum, [{ vip }]) => sum + matching(node.targets, vip).length, 0);
  const { check_interval } = ipvsOptions.parse(node.options);
  return {
    what: 'health checks',
    perSecond: (checked * 1000) / milliseconds(check_interval),
    msEach: 1.6,
    key: 'check_interval',
  };
}

/**
 * VIPs that differ in nothing but their address, of one family. They have one set of servers, and so one health check for each: with four VIPs
 * of their own, each L4 node would ask each server four times as often.
 */
function alike(node: PlannedNode): [Service, ...Service[]][] {
  const found = new Map<string, [Service, ...Service[]]>();
  for (const service of node.services) {
    const key = groupName(node, service);
    const known = found.get(key);
    if (known === undefined) found.set(key, [service]);
    else known.push(service);
  }
  return [...found.values()];
}

const groupName = (node: PlannedNode, service: Service): string =>
  `${schedulerOf(node, service)}-${service.port}${familyOf(service.vip) === 'ipv4' ? '' : '-v6'}`;

function virtualServer(
  node: PlannedNode,
  services: readonly [Service, ...Service[]],
  options: IpvsOptions,
): string[] {
  const [first] = services;
  const scheduler = schedulerOf(node, first);
  const group = services.length === 1 ? [] : virtualServerGroup(groupName(node, first), services);
  const targets = matching(node.targets, first.vip);
  return [
    '',
    ...group,
    `virtual_server ${group.length === 0 ? `${first.vip} ${first.port}` : `group ${groupName(node, first)}`} {`,
    '  protocol TCP',
    `  lvs_sched ${scheduler}`,
    ...flags[scheduler],
    `  lvs_method ${methods[options.forward]}`,
    `  delay_loop ${seconds(options.check_interval)}`,
    // Until a check has passed a server counts as down: no VIP is announced on a guess.
    '  alpha',
    // A keepalived that ends takes its table along, so the VIP goes too.
    '  omega',
    '  quorum 1',
    ...targets.flatMap(({ address }) => realServer(address, first.port, options)),
    '}',
  ];
}

const virtualServerGroup = (name: string, services: readonly Service[]): string[] => [
  `virtual_server_group ${name} {`,
  ...services.map(({ vip, port }) => `  ${vip} ${port}`),
  '}',
];

function realServer(address: string, port: number, options: IpvsOptions): string[] {
  return [
    '',
    `  real_server ${address} ${port} {`,
    '    weight 1',
    '    inhibit_on_failure',
    '    HTTP_GET {',
    // One good answer is enough. Otherwise a server that was not there at once would be asked again a whole interval later.
    '      fast_recovery',
    '      url {',
    '        path /healthcheck',
    '        status_code 200',
    '      }',
    `      connect_timeout ${seconds(options.check_timeout)}`,
    `      retry ${options.check_retries}`,
    `      delay_before_retry ${seconds(options.check_retry_delay)}`,
    // The default is a random wait of up to `delay_loop` before the first check.
    '      warmup 0',
    '    }',
    '  }',
  ];
}

const methods: Readonly<Record<IpvsOptions['forward'], string>> = { ipip: 'TUN' };

/** Without the port in the hash all connections of one client meet one server; without fallback a server of weight 0 refuses. */
const flags: Readonly<Record<Scheduler, readonly string[]>> = {
  mh: ['  mh-port', '  mh-fallback'],
  sh: ['  sh-port', '  sh-fallback'],
  rr: [],
};

const timeouts = ({ timeouts: { tcp, tcpfin, udp } }: IpvsOptions): string =>
  `tcp ${seconds(tcp)} tcpfin ${seconds(tcpfin)} udp ${seconds(udp)}`;

const seconds = (duration: string): string => String(Number((milliseconds(duration) / 1000).toFixed(3)));
