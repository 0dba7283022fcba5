import { connectionHeader, l7Header } from '../../base/channel.ts';
import { addressesOf } from '../../base/families.ts';
import { contains, endpoint, parseAddress, subnetSize } from '../../base/ip.ts';
import type { PlannedNode, Service, Upkeep } from '../../topology/types.ts';
import { milliseconds } from '../bird/options.ts';
import type { NodePaths } from '../contract.ts';
import { statesPath } from './kept-states.ts';
import { type HaproxyOptions, haproxyOptions } from './options.ts';
import { statsSocket } from './stats.ts';

/** @returns the text of `haproxy.cfg` */
export function haproxyConfig(node: PlannedNode, paths: Pick<NodePaths, 'run' | 'linked'>): string {
  const options = haproxyOptions.parse(node.options);
  return `${[
    ...global(options, paths),
    ...defaults,
    ...health(node, paths),
    ...backendsOf(node).flatMap(({ services, name }) => [
      ...alike(services, (service) => service.name).flatMap((vips) => frontend(node, vips, name)),
      ...backend(node, name, services[0], options),
    ]),
  ].join('\n')}\n`;
}

function global({ maxconn }: HaproxyOptions, paths: Pick<NodePaths, 'run' | 'linked'>): string[] {
  return [
    'global',
    '  log stdout format raw local0 info',
    // One thread is as much as a node of a lab needs, and what a guest of one CPU has.
    '  nbthread 1',
    // Or it reads every certificate of the system at start, for an HTTP client that nobody here uses.
    '  httpclient.ssl.verify none',
    `  maxconn ${maxconn}`,
    '  hard-stop-after 30s',
    `  stats socket ${statsSocket(paths)} mode 600 level admin expose-fd listeners`,
    `  server-state-file ${statesPath(paths)}`,
  ];
}

/**
 * A held connection is a tunnel once the backend has answered 101, and stays as long as it likes, however little it says: but
 * whoever is at its other end must be there. A client that is gone may not have said so to this proxy (it was reset by another
 * one, or lost its way): its kernel is asked when nothing was heard for 10 s, and answers with a reset, or not at all for 20 s more.
 * Without, it would be a session for an hour, and keep the node from being drained.
 */
const defaults: readonly string[] = [
  '',
  'defaults',
  '  log global',
  '  load-server-state-from-file global',
  '  option dontlognull',
  '  timeout connect 3s',
  '  timeout client 60s',
  '  timeout server 60s',
  '  timeout http-request 10s',
  '  timeout http-keep-alive 60s',
  '  timeout check 2s',
  '  timeout tunnel 1h',
  // Where one side has said goodbye, the other one has so long to say it as well.
  '  timeout client-fin 10s',
  '  timeout server-fin 10s',
  ...['cli', 'srv'].flatMap((side) => [
    `  option ${side}tcpka`,
    `  ${side}tcpka-idle 10s`,
    `  ${side}tcpka-intvl 5s`,
    `  ${side}tcpka-cnt 4`,
  ]),
  '  retries 2',
  '  option redispatch 1',
];

/**
 * What tier 2 asks, on the node's own address (the VIP is local to whoever asks), or without a tier 2 the node's announcer: it is
 * well while each of its services has a backend, and not from the moment it is told to stop, nor while it is drained.
 */
function health(node: PlannedNode, paths: Pick<NodePaths, 'linked'>): string[] {
  const addresses = node.announces ? ['127.0.0.1'] : ownAddressesTowards(node);
  const ports = [...new Set(node.services.map(({ port }) => port))];
  const binds = addresses.flatMap((address) => ports.map((port) => `  bind ${endpoint(address, port)}`));
  if (binds.length === 0) return [];
  return [
    '',
    `frontend ${healthFrontend}`,
    '  mode http',
    '  no log',
    ...binds,
    '  monitor-uri /healthcheck',
    ...backendsOf(node).map(({ name }) => `  monitor fail if { nbsrv(${name}) lt 1 }`),
    '  monitor fail if { stopping }',
    `  monitor fail if { str(${drainedWord}) -f ${drainedPath(paths)} }`,
    '  http-request return status 404',
  ];
}

/** A service with VIPs of both families is one frontend. */
function frontend(node: PlannedNode, vips: readonly [Service, ...Service[]], to: string): string[] {
  const [{ name, protocol }] = vips;
  const binds = vips.map(({ vip, port }) => `  bind ${endpoint(vip, port)}`);
  const head = ['', `frontend ${name}`, `  mode ${protocol}`, ...binds];
  const pass = `  default_backend ${to}`;
  if (protocol === 'tcp') return [...head, '  option tcplog', pass];
  return [
    ...head,
    // One id for all that happens on a client's TCP connection.
    '  tcp-request connection set-var(sess.connection) uuid()',
    `  log-format "${logLine}"`,
    ...['http-request', 'http-after-response'].flatMap((rule) => [
      `  ${rule} set-header ${l7Header} ${node.name}`,
      `  ${rule} set-header ${connectionHeader} %[var(sess.connection)]`,
    ]),
    pass,
  ];
}

function backend(
  node: PlannedNode,
  name: string,
  { port, protocol }: Service,
  options: HaproxyOptions,
): string[] {
  return [
    '',
    `backend ${name}`,
    `  mode ${protocol}`,
    `  balance ${options.balance}`,
    '  option httpchk GET /healthcheck',
    `  default-server ${checks(options)}`,
    ...node.targets.map((target) => `  server ${target.node} ${endpoint(target.address, port)}`),
  ];
}

/** How a backend is checked: keywords of a server. */
export function checks({ check_interval }: Pick<HaproxyOptions, 'check_interval'>): string {
  const interval = milliseconds(check_interval);
  const fast = fastInterval(interval);
  return `check inter ${interval}ms fastinter ${fast}ms downinter ${fast}ms rise 1 fall 3`;
}

/** Each L7 node asks each backend. Measured in a guest: 1.4 ms for a check and its answer. */
export function checksOf(node: PlannedNode): Upkeep {
  const { check_interval } = haproxyOptions.parse(node.options);
  return {
    what: 'health checks',
    perSecond: (backendsOf(node).length * node.targets.length * 1000) / milliseconds(check_interval),
    msEach: 1.4,
    key: 'check_interval',
  };
}

/**
 * Milliseconds. HAProxy spreads its first checks over the fast interval, and goes on with it where a backend is down (src/check.c,
 * srv_getinter, start_checks): it is in proportion to the other one, or a large lab would ask itself to death.
 */
const fastInterval = (interval: number): number =>
  interval > 5000 ? Math.ceil(interval / 2) : Math.min(interval, Math.max(200, Math.ceil(interval / 5)));

/**
 * How long a backend that has died without a word is still used, at least and at most (milliseconds): three checks run into
 * their timeout, which is the interval (configuration.txt, `timeout check`); the first begins at the end of an interval.
 */
export function ejection({
  check_interval,
}: Pick<HaproxyOptions, 'check_interval'>): readonly [number, number] {
  const interval = milliseconds(check_interval);
  const attempt = Math.min(interval, 3000);
  const least = 3 * attempt + 2 * fastInterval(interval);
  return [least, least + interval];
}

/** The frontend that answers tier 2's health checks. */
export const healthFrontend = 'tl_health';

/** A list of words that HAProxy loads and that can be changed at run time: the node is drained while this word is in it. */
export const drainedFile = 'drained.acl';
export const drainedWord = 'drained';
export const drainedPath = ({ linked }: Pick<NodePaths, 'linked'>): string => `${linked}/${drainedFile}`;

/** Addresses of its own at which balancers reach it: those on the networks that it shares with them. */
export function ownAddressesTowards(node: PlannedNode): string[] {
  const senders = node.senders.flatMap(({ address }) => parseAddress(address) ?? []);
  return node.interfaces
    .flatMap(addressesOf)
    .filter(({ address, prefixLength }) => {
      const own = parseAddress(address);
      if (own === undefined) return false;
      const { family, value } = own;
      const base = value - (value % subnetSize({ family, length: prefixLength }));
      return senders.some((sender) => contains({ family, base, length: prefixLength }, sender));
    })
    .map(({ address }) => address);
}

/** Client, backend, status, how the session ended, bytes, milliseconds in all, id of the connection. */
const logLine = '%ci:%cp %b/%s %ST %ts %B %Ta %[var(sess.connection)]';

/**
 * HAProxy's backend sections, each named after the first of its services (an underscore, which no service has, in front). Services
 * that differ in nothing but their VIP have one, and so one health check for each of its servers.
 */
export const backendsOf = ({
  services,
}: PlannedNode): { readonly name: string; readonly services: readonly [Service, ...Service[]] }[] =>
  alike(services, ({ protocol, port }) => `${protocol} ${port}`).map((group) => ({
    name: `tl_${group[0].name}`,
    services: group,
  }));

function alike(services: readonly Service[], keyOf: (service: Service) => string): [Service, ...Service[]][] {
  const found = new Map<string, [Service, ...Service[]]>();
  for (const service of services) {
    const known = found.get(keyOf(service));
    if (known === undefined) found.set(keyOf(service), [service]);
    else known.push(service);
  }
  return [...found.values()];
}
