/**
 * Every fault on one lab: it lands, it heals, and the lab answers afterwards as before. The first case of each is done as by
 * hand, by `tierlab fault`; a file of its own (next-hops.test.ts) has those of routers whose next hops BGP does not bring.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import { type PortState, portStates } from '../../src/faults/cables.ts';
import { actOn, type Fault, faults, type Landed, resolveTarget } from '../../src/faults/index.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { kinds } from '../../src/kinds/index.ts';
import { attach, type LiveLab, labPaths, readPlan } from '../../src/lab/index.ts';
import type { PlannedNode } from '../../src/topology/types.ts';
import { type Home, makeHome, repository, threeTier } from './tierlab.ts';

let home: Home;
let lab: LiveLab;

beforeAll(async () => {
  home = await makeHome();
  const up = await home.run('up', threeTier, '--host', 'uml');
  expect(up, up.stderr).toMatchObject({ exitCode: 0 });
  const programs = join(repository, 'dist');
  const paths = labPaths('three-tier', home.directory);
  lab = await attach(paths, await readPlan(paths), umlHost(programs), {
    kinds,
    programs: { directory: programs, node: process.execPath },
    lanes: 1,
  });
});

afterAll(async () => {
  await lab?.host.disconnect();
  await home.remove();
});

interface Case {
  readonly target: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** What must be so while the fault is there. */
  readonly meanwhile?: () => Promise<void>;
}

/** One case for every fault in the catalogue; more where it has directions or parts. */
const cases: Readonly<Record<string, readonly [Case, ...Case[]]>> = {
  'link.netem': [
    {
      target: 'l7-1:servers',
      options: { direction: 'to-node', delay: '150ms' },
      meanwhile: async () => expect(await roundTrip('l7-1', 'web-1')).toBeGreaterThan(0.14),
    },
    {
      target: 'l7-1:servers',
      options: {
        direction: 'from-node',
        delay: '100ms',
        jitter: '10ms',
        loss: '2%',
        burst: 4,
        duplicate: '1%',
        reorder: '5%',
        corrupt: '0.1%',
        rate: '10Mbit/s',
      },
    },
  ],
  'link.mtu': [
    {
      target: 'l7-2:servers',
      options: { mtu: 1000 },
    },
    { target: 'edge:transit', options: { mtu: 1400, everybody: true } },
  ],
  'link.blackhole': [
    {
      target: 'l7-2:servers',
      options: { direction: 'to-node' },
      meanwhile: async () => expect(await reaches('l7-2', 'web-1')).toBe(false),
    },
    { target: 'l7-2:servers', options: { direction: 'from-node' } },
    { target: 'web-1:servers' },
  ],
  'net.partition': [
    {
      target: 'l7-1',
      options: { from: ['web-1', 'web-2'] },
      meanwhile: async () => {
        expect(await reaches('l7-1', 'web-1')).toBe(false);
        expect(await reaches('l7-1', 'web-3')).toBe(true);
        expect(await reaches('l7-2', 'web-1')).toBe(true);
      },
    },
  ],
  'link.down': [{ target: 'l7-3:servers' }],
  'link.flap': [{ target: 'l7-3:servers', options: { times: 2, period: '400ms' } }],
  'node.sysctl': [{ target: 'l4', options: { set: { 'net.ipv4.vs.sloppy_tcp': 0 } } }],
  'bfd.off': [{ target: 'l4', options: { peer: 'r-1' } }, { target: 'r-2' }],
  'vip.withdraw': [
    { target: 'l4-1', meanwhile: async () => expect(await hopsToVip('r-1')).toEqual(['l4-2']) },
    { target: 'r-1', meanwhile: async () => expect(await hopsToVip('edge')).toEqual(['r-2']) },
  ],
  'bgp.reset': [{ target: 'l4-1', options: { peer: 'r' } }],
  'l4.weight': [{ target: 'l4', options: { server: 'l7-3', weight: 0 } }],
  'l4.order': [{ target: 'l4-1' }, { target: 'l4-2', options: { order: ['l7-2'] } }],
  'l4.flush': [{ target: 'l4' }],
  'l7.backend': [
    { target: 'l7', options: { backend: 'web-1', state: 'drain' } },
    { target: 'l7-1', options: { backend: 'web', state: 'maint' } },
  ],
  'l7.reload': [{ target: 'l7' }, { target: 'l7-1', options: { balance: 'leastconn' } }],
  'l7.restart': [{ target: 'l7-2' }],
  'backend.slow': [
    {
      target: 'web',
      options: { delay: '300ms' },
      meanwhile: async () => expect((await askVip()).seconds).toBeGreaterThan(0.29),
    },
  ],
  'backend.errors': [
    {
      target: 'web',
      options: { status: 503 },
      meanwhile: async () => expect((await askVip()).status).toBe('503'),
    },
  ],
  'backend.refuse': [{ target: 'web-1' }],
  'backend.hang': [{ target: 'web-2' }],
  'backend.half-open': [{ target: 'web-3' }],
  'daemon.kill': [
    { target: 'r-2', options: { daemon: 'bird' } },
    { target: 'l4-2', options: { daemon: 'keepalived' } },
    { target: 'l7-1', options: { daemon: 'haproxy', signal: 'TERM' } },
  ],
  'daemon.restart': [{ target: 'l4-1', options: { daemon: 'keepalived' } }],
  'node.freeze': [{ target: 'r-1' }],
  'node.crash': [{ target: 'l4-2' }, { target: 'web-3' }],
  'node.restart': [{ target: 'l7-3' }],
};

test('there is a case for every fault', () => {
  // The routers of this lab learn their next hops: next-hops.test.ts.
  expect([...Object.keys(cases), 'router.nexthop'].sort()).toEqual(Object.keys(faults).sort());
});

describe.each(Object.entries(cases))('%s', (name, [byHand, ...others]) => {
  test(`by hand: ${byHand.target}`, async () => {
    const { target, options = {}, meanwhile } = byHand;
    const settings = Object.entries(options).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const added = await home.run('fault', 'add', name, target, ...settings, '--name', 'by-hand');
    try {
      expect(added, added.stderr).toMatchObject({ exitCode: 0 });
      const listed = await home.run('fault', 'list', '--format', 'json');
      expect(JSON.parse(listed.stdout)).toMatchObject({
        faults: [{ name: 'by-hand', fault: name, target, state: 'landed' }],
      });
      await meanwhile?.();
    } finally {
      const healed = await home.run('fault', 'heal', 'by-hand');
      expect.soft(healed, healed.stderr).toMatchObject({ exitCode: 0 });
    }
    expect((await askVip(8)).status).toBe('200');
  });

  test.each(others)('$target $options', async ({ target, options = {}, meanwhile }) => {
    const fault = faults[name] as Fault;
    const parsed = fault.traits.options.parse(options);
    const hits = resolveTarget(lab.plan, target);
    const act = (action: 'inject' | 'heal'): Promise<Landed> => actOn(lab, fault, action, hits, parsed);
    const injected = await act('inject');
    try {
      expect(injected, injected.evidence).toMatchObject({ landed: true });
      await meanwhile?.();
    } finally {
      const healed = await act('heal');
      expect.soft(healed, healed.evidence).toMatchObject({ landed: true });
    }
    expect((await askVip(8)).status).toBe('200');
  });
});

test('a cable that was pulled stays so when its node thaws, and one that is plugged in brings a frozen node nothing', async () => {
  const fault = async (...args: string[]): Promise<void> => {
    const done = await home.run('fault', ...args);
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  };
  const node = lab.plan.nodes.find(({ name }) => name === 'r-1') as PlannedNode;
  const ports = (): Promise<PortState[]> => portStates(lab, node, ['transit', 'fabric']);
  await fault('add', 'link.down', 'r-1:transit', '--name', 'cable');
  await fault('add', 'node.freeze', 'r-1', '--name', 'frost');
  expect(await ports()).toEqual(['down', 'blackhole']);
  await fault('heal', 'frost');
  expect(await ports()).toEqual(['down', 'up']);
  await fault('add', 'node.freeze', 'r-1', '--name', 'frost');
  await fault('heal', 'cable');
  expect(await ports()).toEqual(['blackhole', 'blackhole']);
  await fault('heal', 'frost');
  expect(await ports()).toEqual(['up', 'up']);
});

test('a router that boots announces the VIPs when it knows its ways, and not if it had withdrawn them', async () => {
  const fault = async (...args: string[]): Promise<void> => {
    const done = await home.run('fault', ...args);
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  };
  const node = lab.plan.nodes.find(({ name }) => name === 'r-1') as PlannedNode;
  const announced = async (): Promise<number | undefined> =>
    (await lab.kindOf(node).routing?.announcedVips(lab.view(node)))?.length;
  await fault('add', 'node.crash', 'r-1', '--name', 'death');
  await fault('heal', 'death');
  // That it was said to do so takes no time; edge may be some moments from hearing it.
  const both = async (): Promise<{ ok: boolean; saw: string }> => {
    const hops = await hopsToVip('edge');
    return { ok: hops.length === 2, saw: hops.join() };
  };
  expect((await hopsToVip('r-1')).toSorted()).toEqual(['l4-1', 'l4-2']);
  await until(both, { why: 'edge to use both routers', withinMs: 10_000 });
  await fault('add', 'vip.withdraw', 'r-1', '--name', 'still');
  await fault('add', 'node.crash', 'r-1', '--name', 'death');
  await fault('heal', 'death');
  await until(() => lab.kindOf(node).ready(lab.view(node)), { why: 'r-1 to be ready', withinMs: 10_000 });
  expect(await announced()).toBe(0);
  expect(await hopsToVip('edge')).toEqual(['r-2']);
  await fault('heal', 'still');
  await until(both, { why: 'edge to use both routers', withinMs: 10_000 });
  // Whoever booted it was killed before it was made known.
  await fault('add', 'node.restart', 'r-1', '--name', 'again');
  await lab.kindOf(node).routing?.setVips(lab.view(node), false);
  await lab.kindOf(node).routing?.reconfigure(lab.view(node));
  await fault('heal', 'again');
  await until(both, { why: 'edge to use both routers', withinMs: 10_000 });
});

test('servers in another order stay so when only keepalived begins anew', async () => {
  const fault = async (...args: string[]): Promise<string> => {
    const done = await home.run('fault', ...args);
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
    return done.stdout;
  };
  const node = lab.plan.nodes.find(({ name }) => name === 'l4-1') as PlannedNode;
  const order = async (): Promise<string> =>
    (await lab.kindOf(node).balancing?.servers(lab.view(node)))?.map(({ server }) => server).join(' ') ?? '';
  const planned = await order();
  await fault('add', 'l4.order', 'l4-1', '--name', 'order');
  const reversed = planned.split(' ').reverse().join(' ');
  expect(await order()).toBe(reversed);
  expect(await fault('add', 'daemon.restart', 'l4-1', 'daemon=keepalived', '--name', 'again')).toMatch(
    /order done again/,
  );
  expect(await order()).toBe(reversed);
  await fault('heal', 'again');
  await fault('add', 'daemon.kill', 'l4-1', 'daemon=keepalived', '--name', 'death');
  await fault('heal', 'death');
  expect(await order()).toBe(reversed);
  await fault('heal', 'order');
  expect(await order()).toBe(planned);
});

test('after all of that every node is ready', async () => {
  for (const node of lab.plan.nodes) {
    const why = `${node.name} to be ready`;
    await until(() => lab.kindOf(node).ready(lab.view(node)), { why, withinMs: 10_000 });
  }
});

/** One request through the whole chain, tried again for some seconds if wanted. */
async function askVip(forSeconds = 0): Promise<{ status: string; seconds: number }> {
  const [service] = lab.plan.services;
  const retry =
    forSeconds === 0
      ? ['--max-time', '5']
      : [
          '--retry',
          '50',
          '--retry-delay',
          '0',
          '--retry-all-errors',
          '--retry-max-time',
          String(forSeconds),
          '--max-time',
          '2',
          '--fail',
        ];
  const { stdout } = await lab.exec('client', [
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{time_total}',
    ...retry,
    `http://${service?.vip}:${service?.port}/`,
  ]);
  const [status = '', seconds] = (stdout.trim().split('\n').at(-1) ?? '').split(' ');
  return { status, seconds: Number(seconds) };
}

const addressOf = (node: string, network: string): string =>
  lab.node(node).interfaces.find((each) => each.network === network)?.address ?? '';

async function reaches(from: string, to: string): Promise<boolean> {
  const url = `http://${addressOf(to, 'servers')}/healthcheck`;
  return (await lab.exec(from, ['curl', '-s', '-o', '/dev/null', '--max-time', '1', url])).exitCode === 0;
}

/** Seconds to connect to a backend. */
async function roundTrip(from: string, to: string): Promise<number> {
  const url = `http://${addressOf(to, 'servers')}/healthcheck`;
  const { stdout } = await lab.exec(from, ['curl', '-s', '-o', '/dev/null', '-w', '%{time_connect}', url]);
  return Number(stdout);
}

/** Over which nodes a node sends what is for the VIP. */
async function hopsToVip(from: string): Promise<string[]> {
  const { stdout } = await lab.exec(from, ['ip', 'route', 'show', String(lab.plan.services[0]?.vip)]);
  const hops = [...stdout.matchAll(/via (\S+)/g)].map(([, address]) => address);
  return lab.plan.nodes
    .filter(({ interfaces }) => interfaces.some(({ address }) => hops.includes(address)))
    .map(({ name }) => name);
}
