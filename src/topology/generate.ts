/** Topologies of any size, as text to go on with: the same chain that topologies/three-tier.yaml draws. Pure. */
import type { Family } from '../base/ip.ts';

/** How many nodes each tier has, and which addresses. */
export interface Chain {
  readonly name: string;
  /** Of addresses; absent: IPv4 alone. */
  readonly families?: readonly Family[];
  readonly routers: number;
  /** 0: the L7 nodes announce the VIP themselves. */
  readonly l4: number;
  readonly l7: number;
  readonly web: number;
}

/** @returns the YAML of a topology */
export function generateTopology(chain: Chain): string {
  const { name, families = usualFamilies, routers, l4, l7, web } = chain;
  const keys = keysFor(chain);
  /** One as itself, of each family one as a list. */
  const each = (ipv4: string, ipv6: string): string => {
    const texts = families.map((family) => (family === 'ipv4' ? ipv4 : `"${ipv6}"`));
    return texts.length > 1 ? `[${texts.join(', ')}]` : texts.join('');
  };
  const subnet = (ipv4: string, place: number): string => each(ipv4, `2001:db8:${place}::/64`);
  const group = (kind: string, count: number, rest: string): string =>
    `{kind: ${kind}, count: ${count}, ${rest}}`;
  const servers =
    l7 > mostServers
      ? [
          `  # The Maglev table has 4,093 slots: with more than ${mostServers} servers their shares are no longer even.`,
        ]
      : [];
  return `${[
    `# ${routers} routers, ${l4} L4 nodes, ${l7} L7 nodes, ${web} backends. \`tierlab plan\` shows what follows from it.`,
    ...keys.why,
    // Quoted if it could mean anything else; what cannot be a name is refused with the rest.
    `name: ${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}`,
    '',
    'services:',
    `  web: {vip: ${each('198.51.100.1', '2001:db8:100::1')}, port: 80, protocol: http}`,
    '',
    'networks:',
    `  internet: {subnet: ${subnet('192.0.2.0/28', 1)}}`,
    `  transit: {subnet: ${subnet(roomFor(1 + routers, 2), 2)}}`,
    `  fabric: {subnet: ${subnet(roomFor(routers + l4 + l7, 3), 3)}}`,
    `  servers: {subnet: ${subnet(roomFor(l7 + web, 1), 4)}}`,
    '',
    'nodes:',
    `  client: {kind: client, networks: [internet], sources: ${each('203.0.113.0/24', '2001:db8:f::/64')}}`,
    `  edge: {kind: bird, asn: 64500, networks: [internet, transit]${keys.routers}}`,
    '',
    '  # Tier 1: routers spread flows by ECMP.',
    `  r: ${group('bird', routers, `asn: 65000, networks: [transit, fabric]${keys.routers}${keys.paths}`)}`,
    '',
    ...(l4 === 0
      ? ['  # No tier 2: the proxies announce the VIP themselves.']
      : [
          '  # Tier 2: L4 balancers give each flow its L7 by a hash that all of them compute alike.',
          `  l4: ${group('ipvs', l4, `networks: [fabric], serves: [web], to: l7${keys.l4}`)}`,
          '',
          '  # Tier 3: L7 proxies, where connections of clients end.',
          ...servers,
        ]),
    `  l7: ${group('haproxy', l7, `networks: [fabric, servers], serves: [web], to: web${keys.l7}`)}`,
    '',
    `  web: ${group('web', web, 'networks: [servers]')}`,
  ].join('\n')}\n`;
}

/**
 * What of the defaults does not fit so many nodes, as it stands behind a group's other keys. All that goes on by itself (BFD, health
 * checks) grows with the product of two tiers, and tiers 1 and 2 do it in each family. The two ends of a session take the longer of their
 * intervals (RFC 5880 6.8.2), so the many sessions of tier 3, which only watch the way back, can have a longer one than those of tier 2.
 */
function keysFor({ families = usualFamilies, routers, l4, l7, web }: Chain) {
  const announcers = l4 === 0 ? l7 : l4;
  // A packet in each direction.
  const perSession = 2 * families.length * routers;
  const packets = { ahead: perSession * (1 + announcers), behind: l4 === 0 ? 0 : perSession * l7 };
  const usualPackets = (packets.ahead + packets.behind) / 0.1;
  const slower = (eachInterval: number, most: number): number => Math.ceil((eachInterval / most) * 10) / 10;
  const crowded = usualPackets > usualBfdPackets;
  const bfd = crowded ? Math.min(slower(packets.ahead, mostBfdPackets), 10) : 0;
  const slowBfd = crowded ? Math.min(Math.max(slower(packets.behind, mostBfdPackets), bfd), 10) : 0;
  const checks = { l4: families.length * l4 * l7, l7: l7 * web };
  const l4Checks = Math.min(slower(checks.l4, mostChecks), 60);
  const l7Checks = Math.min(slower(checks.l7, mostChecks), 60);
  // A third of it lies between two keepalives, in each direction.
  const hold = Math.ceil((3 * (packets.ahead + packets.behind)) / mostKeepalives);
  const written = (key: string, seconds: number, usual: number): string =>
    seconds > usual ? `, ${key}: ${seconds}s` : '';
  const speaker = (interval: number): string =>
    written('bfd_interval', interval, 0.1) + written('hold_time', hold, 9);
  const keys = {
    routers: speaker(bfd),
    l4: speaker(bfd) + written('check_interval', l4Checks, 0.5),
    l7: speaker(l4 === 0 ? bfd : slowBfd) + written('check_interval', l7Checks, 1),
  };
  return {
    ...keys,
    paths: announcers > usualPaths ? `, ecmp_limit: ${Math.min(announcers, mostPaths)}` : '',
    why:
      keys.routers + keys.l4 + keys.l7 === ''
        ? []
        : [
            '# Neighbours and servers are asked more seldom than by default, so that one processor carries it:',
            `# the usual intervals would make ${count(usualPackets)} BFD packets and ${count(checks.l4 / 0.5 + checks.l7)} health checks a second.`,
          ],
  };
}

const count = (number: number): string => number.toLocaleString('en', { maximumFractionDigits: 0 });

/**
 * A second, on the one processor of a guest: a BFD packet takes 0.7 ms of it, a health check 1.5 ms, a keepalive about as much (docs/scale.md).
 * A lab that fits with the usual intervals keeps them.
 */
const usualBfdPackets = 500;
const mostBfdPackets = 120;
const mostChecks = 50;
const mostKeepalives = 30;

const usualFamilies: readonly Family[] = ['ipv4'];

/** The default of `ecmp_limit`, and its upper bound. */
const usualPaths = 64;
const mostPaths = 255;

/** M > 100 · N, the rule of the Maglev paper (Eisenbud et al., NSDI 2016, 3.4), for 4,093 slots. */
const mostServers = 40;

/** IPv4 addresses for twice as many nodes, so that tiers can grow. */
function roomFor(nodes: number, place: number): string {
  const length = 2 * nodes + 2 <= 256 ? 24 : 16;
  return `10.${place}.0.0/${length}`;
}
