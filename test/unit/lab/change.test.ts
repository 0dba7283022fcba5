/** One plan → another: what has to be done to a lab that is up, and nothing else. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { type LabChange, labChange, labPaths, type PlumbingOptions } from '../../../src/lab/index.ts';
import {
  loadTopology,
  type NodeGroup,
  type Plan,
  planTopology,
  scalePlan,
  type Topology,
  topologyOfPlan,
} from '../../../src/topology/index.ts';

const file = join(import.meta.dirname, '../../../topologies/three-tier.yaml');
const topology = await loadTopology(file, kindTable);
const plan = planTopology(topology, kindTable);
const lab = labPaths('three-tier', '/home/user/.local/state/tierlab');
const options: PlumbingOptions = {
  kinds,
  programs: { directory: '/opt/tierlab/dist', node: '/usr/bin/node' },
  lanes: 2,
};

const between = (before: Plan, after: Plan): LabChange => labChange(before, after, lab, options);

function scaled(before: Plan, tier: string, by: number): Plan {
  const after = scalePlan(before, tier, by, kindTable);
  if ('refusal' in after) throw new Error(after.refusal.message);
  return after;
}

function withGroup(name: string, change: Partial<NodeGroup>): Topology {
  return {
    ...topology,
    nodes: topology.nodes.map((group) => (group.name === name ? { ...group, ...change } : group)),
  };
}

const summary = ({ added, removed, changed }: LabChange) => ({
  added: added.map(({ name }) => name),
  removed: removed.map(({ name }) => name),
  changed: changed.map(({ node, files, sysctls, ip }) => [
    node.name,
    ...Object.keys(files),
    ...Object.entries(sysctls).map(([path, value]) => `${path}=${value}`),
    ...ip,
  ]),
});

test('the same plan changes nothing', () => {
  const change = between(plan, planTopology(topology, kindTable, plan));
  expect(change.isEmpty).toBe(true);
  expect(change.files.size).toBe(0);
  expect(summary(change)).toEqual({ added: [], removed: [], changed: [] });
});

test('an L7 more is told to the routers and the L4 nodes only', () => {
  const change = between(plan, scaled(plan, 'l7', 1));
  expect(change.refusals).toEqual([]);
  expect(summary(change)).toEqual({
    added: ['l7-4'],
    removed: [],
    changed: [
      ['r-1', 'bird.conf'],
      ['r-2', 'bird.conf'],
      ['l4-1', 'keepalived.conf', 'announce.pl'],
      ['l4-2', 'keepalived.conf', 'announce.pl'],
    ],
  });
  // No file of a node that has nothing to do with it is written anew.
  const nodes = [...change.files.keys()].flatMap((path) => /\/nodes\/([^/]+)\//.exec(path)?.[1] ?? []);
  expect([...new Set(nodes)].sort()).toEqual(['l4-1', 'l4-2', 'l7-4', 'r-1', 'r-2']);
});

test('an L4 more may use the tunnels of the L7 nodes, and may not when it is gone', () => {
  const larger = scaled(plan, 'l4', 1);
  const address = larger.nodes.find(({ name }) => name === 'l4-3')?.interfaces[0]?.address;
  const rule = (action: string): string => `rule ${action} pref 10 ipproto 4 from ${address} lookup local`;
  expect(summary(between(plan, larger)).changed).toContainEqual(['l7-2', rule('add')]);
  const back = between(larger, scaled(larger, 'l4', -1));
  expect(summary(back)).toMatchObject({ added: [], removed: ['l4-3'] });
  expect(summary(back).changed).toContainEqual(['l7-2', rule('del')]);
});

test.each([
  ['r', 2],
  ['l4', 3],
  ['l7', 1],
  ['web', 2],
])('%s scaled by %i leaves all others what they are, and its servers behind theirs', (tier, by) => {
  const after = scaled(plan, tier, by);
  for (const node of plan.nodes) {
    const same = after.nodes.find(({ name }) => name === node.name);
    expect(same).toMatchObject({ interfaces: node.interfaces, hashFields: node.hashFields });
    expect(same?.asn).toBe(node.asn);
    expect(same?.targets.slice(0, node.targets.length)).toEqual(node.targets);
  }
  const addresses = after.nodes.flatMap(({ interfaces }) => interfaces.map(({ address }) => address));
  expect(new Set(addresses).size).toBe(addresses.length);
  const targets = after.nodes
    .filter(({ group }) => group === 'l4')
    .map((node) => JSON.stringify(node.targets));
  expect(new Set(targets).size).toBe(1);
  expect(scaled(after, tier, -by)).toEqual(plan);
});

test('a backend that joins has a process of its own, and that of the others stays as it is', () => {
  const change = between(plan, scaled(plan, 'web', 1));
  expect(summary(change)).toEqual({
    added: ['web-4'],
    removed: [],
    changed: ['l7-1', 'l7-2', 'l7-3'].map((name) => [name, 'haproxy.cfg']),
  });
  const lists = [...change.files].filter(([path]) => path.endsWith('/web.list'));
  expect(lists.map(([path]) => /\/nodes\/([^/]+)\//.exec(path)?.[1])).toEqual(['web-4']);
  expect(lists[0]?.[1]).toMatch(/^web-4\t[\d.]+\t80\t\S+\n$/);
});

test('the node where the process of many is at home cannot go', () => {
  const nodes = topology.nodes.filter(({ name }) => name !== 'web');
  const other = {
    ...withGroup('web', {}).nodes.find(({ name }) => name === 'web'),
    name: 'shop',
  } as NodeGroup;
  const l7s = nodes.map((group) => (group.name === 'l7' ? { ...group, to: 'shop' } : group));
  const after = planTopology({ ...topology, nodes: [...l7s, other] }, kindTable, plan);
  expect(between(plan, after).refusals).toEqual([
    'web-1 is home to the process that serves web-1, web-2, web-3',
  ]);
});

test('each router more hashes in a way of its own', () => {
  const after = scaled(plan, 'r', 6);
  const masks = after.nodes.filter(({ kind }) => kind === 'bird').map(({ hashFields }) => hashFields);
  expect(new Set(masks).size).toBe(masks.length);
});

test('a plan leads back to its topology', () => {
  const again = topologyOfPlan(plan, kindTable);
  expect(planTopology(again, kindTable, plan)).toEqual(plan);
  expect(planTopology(again, kindTable)).toEqual(plan);
});

test('options come down to files, sysctls and nothing else', () => {
  const options = topology.nodes.find(({ name }) => name === 'l4')?.options;
  const edited = withGroup('l4', { options: { ...options, sloppy_tcp: false, check_interval: '1s' } });
  expect(summary(between(plan, planTopology(edited, kindTable, plan)))).toEqual({
    added: [],
    removed: [],
    changed: ['l4-1', 'l4-2'].map((name) => [name, 'keepalived.conf', 'net/ipv4/vs/sloppy_tcp=0']),
  });
});

test('a route that leads elsewhere is replaced at once', () => {
  const still = withGroup('l7', {
    options: { ...topology.nodes.find(({ name }) => name === 'l7')?.options, way_back: 'static' },
  });
  const before = planTopology(still, kindTable);
  const change = between(before, scaled(before, 'r', 1));
  const ip = change.changed.find(({ node }) => node.name === 'l7-1')?.ip;
  expect(ip).toHaveLength(1);
  expect(ip?.[0]).toMatch(/^route replace default (nexthop via \S+ dev fabric ?){3}$/);
});

test('a fixed group of next hops takes an L4 more in, and lets it go, without a moment in which there is none', async () => {
  const fixed = join(import.meta.dirname, '../../../topologies/fixed-next-hops.yaml');
  const four = planTopology(await loadTopology(fixed, kindTable), kindTable);
  const five = scaled(four, 'l4', 1);
  const ofRouter = (before: Plan, after: Plan): readonly string[] =>
    between(before, after).changed.find(({ node }) => node.name === 'r-1')?.ip ?? [];
  const group = (members: string): string =>
    `nexthop replace id 100000 group ${members} type resilient buckets 128 idle_timer 5 unbalanced_timer 0`;
  const address = five.nodes.find(({ name }) => name === 'l4-5')?.interfaces[0]?.address;
  expect(between(four, five).refusals).toEqual([]);
  expect(ofRouter(four, five)).toEqual([`nexthop add id 6 via ${address} dev fabric`, group('2/3/4/5/6')]);
  expect(ofRouter(five, four)).toEqual([group('2/3/4/5'), 'nexthop del id 6']);
});

test('what a node is and where it is plugged in cannot be changed while it is up', () => {
  const cases: [Topology, RegExp][] = [
    [withGroup('l7', { networks: ['fabric', 'servers', 'transit'] }), /^l7-1 is on other networks/],
    [withGroup('r', { asn: 65001 }), /^r-1 has another AS number/],
    [withGroup('client', { sources: '203.0.113.0/25' }), /^client has other source addresses/],
    [
      { ...topology, services: topology.services.map((service) => ({ ...service, port: 81 })) },
      /^the services/,
    ],
    [
      { ...topology, networks: topology.networks.map((network) => ({ ...network, mtu: 9000 })) },
      /^network internet has another MTU \(1500, then 9000\)/,
    ],
  ];
  for (const [edited, said] of cases)
    expect(between(plan, planTopology(edited, kindTable, plan)).refusals[0]).toMatch(said);
});
