import { addressesOf, eachOf, listed } from '../base/families.ts';
import { formatDuration } from '../base/units.ts';
import type { KindTable, Plan, PlannedNode } from './types.ts';
import { describeRate, describeShare, upkeepOf } from './upkeep.ts';

/** A plan as plain-text tables: networks, nodes with their interfaces, services and who takes them, BGP sessions, routes. */
export function describePlan(plan: Plan, kinds: KindTable): string {
  const { name, services, networks, nodes } = plan;
  return [
    `${name}: ${counted(nodes.length, 'node')}, ${counted(networks.length, 'network')}, ${counted(new Set(services.map((service) => service.name)).size, 'service')}\n`,
    section(
      'SERVICES',
      ['name', 'VIP', 'port', 'protocol'],
      services.map((service) => [service.name, service.vip, service.port, service.protocol]),
    ),
    section(
      'NETWORKS',
      ['name', 'subnet', 'MTU', 'nodes'],
      networks.map(({ name, subnet, mtu, members }) => [name, listed(subnet), mtu, groupsOf(plan, members)]),
    ),
    section(
      'NODES',
      ['tier', 'node', 'kind', 'AS', 'interface', 'address', 'MAC'],
      nodes.flatMap(interfaceRows),
    ),
    section(
      'BALANCING',
      ['node', 'serves', 'without a dead one after', 'passes on to'],
      nodes.filter(({ targets }) => targets.length > 0).map((node) => balancingRow(node, kinds)),
    ),
    section('BGP SESSIONS', ['node', 'AS', 'address', 'peer', 'AS', 'address', 'network'], sessionRows(plan)),
    section(
      'UPKEEP',
      ['group', 'without any traffic', 'a second', "of a guest's processor"],
      upkeepOf(plan, kinds).map(({ group, what, perSecond, share }) => [
        group,
        what,
        describeRate(perSecond),
        describeShare(share),
      ]),
    ),
    section('STATIC ROUTES', ['node', 'to', 'via', 'interface'], nodes.flatMap(routeRows)),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

type Cell = string | number;

/** A heading and a table, or nothing where there are no rows. */
function section(title: string, header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => String(row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => String(cell).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** `r (2), l4 (2)`: groups by name with how many of their nodes are there. */
function groupsOf({ nodes }: Plan, members: readonly { readonly node: string }[]): string {
  const groupByNode = new Map(nodes.map(({ name, group }) => [name, group]));
  const counts = new Map<string, number>();
  for (const { node } of members) {
    const group = groupByNode.get(node) ?? node;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => (count === 1 ? group : `${group} (${count})`)).join(', ');
}

/** One row an interface; what holds for the whole node stands in its first. Sources are addresses on the loopback. */
function interfaceRows({ name, kind, tier, asn, interfaces, sources }: PlannedNode): Cell[][] {
  const rows: Cell[][] = interfaces.flatMap((each) =>
    addressesOf(each).map(({ address, prefixLength }, i) => [
      i === 0 ? each.name : '',
      `${address}/${prefixLength}`,
      i === 0 ? each.mac : '',
    ]),
  );
  for (const [i, prefix] of eachOf(sources).entries()) rows.push([i === 0 ? 'lo' : '', prefix, '']);
  return rows.map((row, i) => [
    ...(i === 0 ? [tier ?? '-', name, kind, asn ?? ''] : ['', '', '', '']),
    ...row,
  ]);
}

function balancingRow({ name, kind, services, targets, options }: PlannedNode, kinds: KindTable): Cell[] {
  const within = kinds[kind]?.ejection?.(options) ?? [];
  return [
    name,
    [...new Set(services.map((service) => service.name))].join(', '),
    within.map(formatDuration).join(' to '),
    targets.map(({ node, address }) => `${node} ${address}`).join(', '),
  ];
}

/** Each session once, from the side that comes first in the file. */
function sessionRows({ nodes }: Plan): Cell[][] {
  const place = new Map(nodes.map(({ name }, i) => [name, i]));
  return nodes.flatMap(({ name, asn, peers }, i) =>
    peers
      .filter(({ node }) => (place.get(node) ?? 0) > i)
      .map((peer) => [name, asn ?? '', peer.localAddress, peer.node, peer.asn, peer.address, peer.interface]),
  );
}

function routeRows({ name, routes }: PlannedNode): Cell[][] {
  return routes.map(({ to, via, interface: device }) => [name, to, via, device]);
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
