/**
 * The configuration of BIRD 2 in a node, whatever its kind: routers pass routes on, speakers (tiers 2 and 3) have sessions
 * with routers only. What each side says and hears depends on what the other one is for, so nothing is announced that the
 * chain does not need: who is first behind the routers (L4 nodes, or L7 nodes without any) says its VIPs, an L7 node behind L4
 * nodes says nothing, routers say the ways to the clients. Reflectors pass that on between their clients, every way of it
 * (add paths, RFC 7911) and with its next hop, but use none themselves.
 */
import { eachOf, familiesOf, inFamily } from '../../base/families.ts';
import { type Family, familyOf, hostPrefix } from '../../base/ip.ts';
import type { BgpPeer, Plan, PlannedNode } from '../../topology/types.ts';
import { kernelProtocol } from './control.ts';
import { isReflector, isWatched } from './neighbours.ts';
import { type BgpOptions, bgpOptions, milliseconds } from './options.ts';
import { hasStaticNextHops, prefixOf } from './ways.ts';

/** What a node says of itself, beside what it learned. */
export interface Origin {
  /** Interfaces whose addresses it announces: clients' networks of a router, the dummy that carries the VIPs of who is first behind them. */
  readonly interfaces: readonly string[];
  /** Whether its static routes of the plan are announced. */
  readonly staticRoutes: boolean;
  /** A router passes on what it learned. */
  readonly transit: boolean;
  /** Hears nothing: its ways are static. */
  readonly deaf?: boolean;
  /** Says nothing to anybody, but goes on hearing. */
  readonly drained?: boolean;
}

/** @returns the text of `bird.conf` */
export function birdConfig(node: PlannedNode, plan: Plan, origin: Origin): string {
  if (node.asn === undefined && node.peers.length > 0)
    throw new Error(`${node.name} has BGP peers but no AS`);
  const options = bgpOptions.parse(node.options);
  return `${[
    'log stderr { info, remote, warning, error, auth, fatal, bug };',
    'timeformat protocol iso long ms;',
    `router id ${node.routerId ?? node.interfaces[0]?.address ?? '0.0.0.1'};`,
    '',
    isVip(plan),
    '',
    // Interfaces and routes come by netlink notification; the scans only mend what was missed.
    'protocol device tl_device { scan time 5; }',
    ...protocolsOfOrigin(node, origin),
    ...familiesOf(node).flatMap((family) => kernel(node, family, options)),
    ...(node.peers.length === 0
      ? []
      : [...bfd(node, options), ...node.peers.flatMap((peer) => session(node, plan, peer, origin, options))]),
  ].join('\n')}\n`;
}

/**
 * Name of the protocol that `birdConfig` makes for a peer. A prefix, since BIRD refuses its own words (`gw`, `client`)
 * even in quotes, and the interface, since two nodes may meet on several networks. (No name of a network has an underscore.)
 */
export const sessionName = ({
  node,
  interface: device,
  address,
}: Pick<BgpPeer, 'node' | 'interface' | 'address'>): string =>
  `to-${node}-${device}${familyOf(address) === 'ipv4' ? '' : '_v6'}`;

function isVip(plan: Plan): string {
  const vips = [...new Set(plan.services.map(({ vip }) => hostPrefix(vip)))];
  // A set of prefixes is of one family.
  const sets = (['ipv4', 'ipv6'] as const)
    .map((family) => vips.filter((prefix) => familyOf(prefix) === family))
    .filter((set) => set.length > 0)
    .map((set) => `net ~ [ ${set.join(', ')} ]`);
  return `function is_vip() { return ${sets.length === 0 ? 'false' : sets.join(' || ')}; }`;
}

function protocolsOfOrigin(node: PlannedNode, { interfaces, staticRoutes }: Origin): string[] {
  const patterns = interfaces.map((name) => `"${name}"`).join(', ');
  const families = familiesOf(node);
  const channels = families.map((family) => `${family};`).join(' ');
  const direct =
    interfaces.length === 0 ? [] : [`protocol direct tl_direct { ${channels} interface ${patterns}; }`];
  if (!staticRoutes) return direct;
  const statics = families.flatMap((family) => {
    const routes = node.routes
      .filter(({ via }) => familyOf(via) === family)
      .map((route) => `  route ${prefixOf(route)} via ${route.via};`);
    const name = family === 'ipv4' ? 'tl_static' : 'tl_static6';
    return routes.length === 0 ? [] : [`protocol static ${name} {`, `  ${family};`, ...routes, '}'];
  });
  return [...direct, ...statics];
}

/** Only what BGP brought: connected and static routes are in the kernel already. So are fixed ways to VIPs. */
function kernel(node: PlannedNode, family: Family, { ecmp_limit }: BgpOptions): string[] {
  const used = isReflector(node)
    ? 'none'
    : `where source = RTS_BGP${hasStaticNextHops(node) ? ' && !is_vip()' : ''}`;
  return [
    `protocol kernel ${kernelProtocol[family]} {`,
    '  scan time 5;',
    `  merge paths yes limit ${ecmp_limit};`,
    `  ${family} { import none; export ${used}; };`,
    '}',
  ];
}

/**
 * While a session is down, BFD packets go out at the idle interval, whose default of 1 s would be most of the time
 * that a lab needs to come up (RFC 5880 6.8.3 asks for it on real networks).
 */
function bfd(node: PlannedNode, { bfd_interval, bfd_multiplier }: BgpOptions): string[] {
  const [only, both] = familiesOf(node);
  const interval = `${milliseconds(bfd_interval)} ms`;
  return [
    'protocol bfd tl_bfd {',
    `  accept ${both === undefined ? `${only} ` : ''}direct;`,
    `  interface "*" { interval ${interval}; idle tx interval ${interval}; multiplier ${bfd_multiplier}; };`,
    '}',
  ];
}

/** Timers as short as BIRD has them: the connect delay is at least one second less up to a quarter, at random. */
function session(
  node: PlannedNode,
  plan: Plan,
  peer: BgpPeer,
  origin: Origin,
  { hold_time }: BgpOptions,
): string[] {
  const { own, channel } = reflecting(node, plan, peer);
  const hold = Math.floor(milliseconds(hold_time) / 1000);
  return [
    '',
    `protocol bgp '${sessionName(peer)}' {`,
    `  local ${peer.localAddress} as ${node.asn};`,
    `  neighbor ${peer.address} as ${peer.asn};`,
    `  interface "${peer.interface}";`,
    ...own.map((line) => `  ${line};`),
    `  bfd ${isWatched(plan, node, peer) ? 'on' : 'off'};`,
    `  hold time ${hold};`,
    `  startup hold time ${Math.max(5, Math.floor(hold / 3))};`,
    '  connect delay time 1;',
    '  connect retry time 1;',
    '  error wait time 1, 2;',
    '  error forget time 10;',
    '  graceful restart off;',
    `  ${familyOf(peer.address)} {`,
    ...channel.map((line) => `    ${line};`),
    `    import ${hears(node, plan, peer, origin)};`,
    `    export ${says(peer, origin)};`,
    '  };',
    '}',
  ];
}

/**
 * What a session with a reflector has beside the others, as each side has it. Both ends are on one network (`direct`, the
 * default of external sessions only), and so are all next hops. Reflectors of one group have one cluster id, so that none
 * takes what another one reflected.
 */
function reflecting(node: PlannedNode, plan: Plan, { role }: BgpPeer): { own: string[]; channel: string[] } {
  if (role === undefined) return { own: [], channel: ['next hop self on'] };
  if (role === 'reflector') return { own: ['direct'], channel: ['next hop self on', 'add paths rx'] };
  const first = plan.nodes.find(({ group }) => group === node.group);
  return {
    own: ['direct', 'rr client', `rr cluster id ${first?.routerId}`],
    channel: ['next hop keep on', 'add paths tx'],
  };
}

function hears(node: PlannedNode, plan: Plan, peer: BgpPeer, { transit, deaf = false }: Origin): string {
  if (deaf) return 'none';
  if (!transit) return 'where !is_vip()';
  if (peer.kind !== 'bird') return prefixes(announcedBy(plan, peer));
  const own = node.interfaces.flatMap(({ network }) => {
    const found = plan.networks.find(({ name }) => name === network);
    return eachOf(inFamily(found?.subnet, familyOf(peer.address)));
  });
  const known = [...new Set(own)];
  return known.length === 0 ? 'all' : `where !(net ~ [ ${known.join(', ')} ])`;
}

function says(peer: BgpPeer, { interfaces, staticRoutes, transit, drained = false }: Origin): string {
  if (drained) return 'none';
  if (!transit) return interfaces.length === 0 ? 'none' : 'where source = RTS_DEVICE && is_vip()';
  const own = [
    ...(interfaces.length === 0 ? [] : ['RTS_DEVICE']),
    ...(staticRoutes ? ['RTS_STATIC'] : []),
    'RTS_BGP',
  ];
  const ways = `source ~ [ ${own.join(', ')} ]`;
  if (peer.kind !== 'bird') return `where ${ways} && !is_vip()`;
  // Another router hears the VIPs too, but nothing that came from its own AS: it would refuse that as a loop.
  return peer.role === undefined ? `where ${ways} && !(bgp_path ~ [= * ${peer.asn} * =])` : `where ${ways}`;
}

function announcedBy(plan: Plan, peer: BgpPeer): string[] {
  const node = plan.nodes.find(({ name }) => name === peer.node);
  const vips = node?.announces === true ? [...new Set(node.services.map(({ vip }) => vip))] : [];
  return vips.filter((vip) => familyOf(vip) === familyOf(peer.address)).map(hostPrefix);
}

const prefixes = (list: readonly string[]): string =>
  list.length === 0 ? 'none' : `where net ~ [ ${list.join(', ')} ]`;
