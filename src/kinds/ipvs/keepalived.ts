/**
 * keepalived checks the servers and sets their weights; it never takes one out of the table (`inhibit_on_failure`), because
 * the Maglev table depends on the order of insertion, which must be the same on all L4 nodes. It puts each VIP on the
 * dummy `announce` while at least one server is well (`quorum_up`, see announce.ts), whence the node's BIRD announces it.
 */
import type { PlannedNode, Service } from '../../topology/types.ts';
import { announceDevice } from '../bird/announcing.ts';
import { milliseconds } from '../bird/options.ts';
import type { NodePaths } from '../contract.ts';
import { announceFile, settlingSeconds } from './announce.ts';
import { type IpvsOptions, ipvsOptions } from './options.ts';

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
    '}',
    ...node.services.flatMap((service) => virtualServer(node, service, options, paths)),
  ].join('\n')}\n`;
}

function virtualServer(
  node: PlannedNode,
  { vip, port }: Service,
  options: IpvsOptions,
  paths: NodePaths,
): string[] {
  const servers = node.services.filter((service) => service.vip === vip).length * node.targets.length;
  return [
    '',
    `virtual_server ${vip} ${port} {`,
    '  protocol TCP',
    `  lvs_sched ${options.scheduler}`,
    ...flags[options.scheduler],
    `  lvs_method ${methods[options.forward]}`,
    `  delay_loop ${seconds(options.check_interval)}`,
    // Until a check has passed a server counts as down: no VIP is announced on a guess.
    '  alpha',
    // A keepalived that ends takes its table along, so the VIP goes too.
    '  omega',
    '  quorum 1',
    `  quorum_up "/usr/bin/perl ${paths.linked}/${announceFile} ${vip} ${announceDevice} ${servers} ${settlingSeconds(options)}"`,
    `  quorum_down "${ipProgram} address delete ${vip}/32 dev ${announceDevice}"`,
    ...node.targets.flatMap(({ address }) => realServer(address, port, options)),
    '}',
  ];
}

function realServer(address: string, port: number, options: IpvsOptions): string[] {
  return [
    '',
    `  real_server ${address} ${port} {`,
    '    weight 1',
    '    inhibit_on_failure',
    '    HTTP_GET {',
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

/** An absolute path: keepalived runs no shell and searches no path for a script that has arguments. */
const ipProgram = '/sbin/ip';

const methods: Readonly<Record<IpvsOptions['forward'], string>> = { ipip: 'TUN' };

/** Without the port in the hash all connections of one client meet one server; without fallback a server of weight 0 refuses. */
const flags: Readonly<Record<IpvsOptions['scheduler'], readonly string[]>> = {
  mh: ['  mh-port', '  mh-fallback'],
  sh: ['  sh-port', '  sh-fallback'],
  rr: [],
};

const seconds = (duration: string): string => String(Number((milliseconds(duration) / 1000).toFixed(3)));
