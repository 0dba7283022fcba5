import { expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { askWays, type ExecIn, type ForetoldFlow, foretell, waysTaken } from '../../../src/oracle/index.ts';
import { plansOver } from '../../../src/scenario/index.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import { nodeOf, threeTier } from '../kinds/three-tier.ts';
import { scale } from './timeline.ts';

const plan = await threeTier();
const flows = Array.from(
  { length: 40 },
  (_, flow): ForetoldFlow => ({
    traffic: 'held',
    flow,
    address: `203.0.113.${1 + flow}`,
    port: 20_000 + flow,
    service: 'web',
    client: 'client',
  }),
);
const scenario: Pick<Scenario, 'timeline' | 'durationMs' | 'traffic'> = {
  timeline: [
    { action: 'inject', atMs: 2000, name: 'crash', fault: 'node.crash', target: 'l4-1', options: {} },
  ],
  durationMs: 20_000,
  traffic: [
    {
      type: 'held-tcp',
      name: 'held',
      from: 'client',
      to: 'web',
      connections: 40,
      heartbeatMs: 1000,
      timeoutMs: 5000,
      uploadBytes: 0,
      downloadBytes: 0,
    },
  ],
};
const addressOf = (name: string, network: string): string =>
  nodeOf(plan, name).interfaces.find((one) => one.network === network)?.address ?? '';

/** Routers that send even ports to the first next hop, odd ones to the second; r-2 the other way round. */
function answer(router: string, input: string): string {
  const [first, second] =
    router === 'edge'
      ? [addressOf('r-1', 'transit'), addressOf('r-2', 'transit')]
      : [addressOf('l4-1', 'fabric'), addressOf('l4-2', 'fabric')];
  return input
    .trim()
    .split('\n')
    .map((line) => {
      const port = Number(/sport (\d+)/.exec(line)?.[1]);
      const even = Math.floor(port / (router === 'edge' ? 2 : 1)) % 2 === (router === 'r-2' ? 1 : 0);
      return `198.51.100.1 from 203.0.113.1 via ${even ? first : second} dev fabric`;
    })
    .join('\n');
}

const mute = async () => ({ exitCode: 2, stdout: '', stderr: 'RTNETLINK answers: No route to host' });

test('each router with a choice is asked once for all flows, and what it says decides which flows move', async () => {
  const asked: string[] = [];
  const ways = await askWays(plan, flows, async (router, _argv, { input }) => {
    asked.push(router);
    expect(input).toMatch(/ iif (internet|transit) /);
    return { exitCode: 0, stdout: answer(router, input), stderr: '' };
  });
  const [event] = await foretell(scenario, [plan], flows, {
    now: () => 7,
    ways: Promise.resolve(ways),
    exec: mute,
  });
  expect(asked.sort()).toEqual(['edge', 'r-1', 'r-2']);
  // By r-1: ports 0 and 1 of four; of these the even one is on l4-1. By r-2 the odd one.
  const onFirst = flows.filter(({ port }) => port % 4 === 0 || port % 4 === 3).map(({ flow }) => flow);
  expect(event).toMatchObject({ type: 'prediction', t: 7, traffic: 'held', flows: 40 });
  expect(event?.moved).toEqual({ must: onFirst, may: [], unsaid: [], least: 20, most: 20 });
  expect(event?.broken.must).toEqual([]);
  const taken = waysTaken(plan, flows, ways);
  expect(taken.get('203.0.113.1:20000')).toEqual(['client', 'edge', 'r-1', 'l4-1']);
  expect(taken.get('203.0.113.3:20002')).toEqual(['client', 'edge', 'r-2', 'l4-2']);
});

test('a router that does not answer leaves nothing foretold, with its reason', async () => {
  const [event] = await foretell(scenario, [plan], flows, {
    now: () => 7,
    ways: askWays(plan, flows, mute),
    exec: mute,
  });
  expect(event?.unknowable).toContain('named the way of 0 of 40 flows: RTNETLINK answers: No route to host');
  expect(event?.moved).toEqual({ must: [], may: [], unsaid: [], least: 0, most: 0 });
});

test('a router that is dead is left out of what is asked afterwards, and ways are known up to it', async () => {
  const ways = await askWays(
    plan,
    flows,
    async (router, _argv, { input }) =>
      router === 'r-2'
        ? { exitCode: 2, stdout: '', stderr: 'unreachable' }
        : { exitCode: 0, stdout: answer(router, input), stderr: '' },
    { lenient: true },
  );
  const taken = waysTaken(plan, flows, ways);
  expect(taken.get('203.0.113.1:20000')).toEqual(['client', 'edge', 'r-1', 'l4-1']);
  expect(taken.get('203.0.113.3:20002')).toEqual(['client', 'edge', 'r-2']);
});

/** A hash of six parts, of which l4-1 has the first three and l4-2 the others; by r-2 counted from the other end. */
const partOf = (mask: number, port: number): number => (mask === maskOf('r-2') ? 5 - (port % 6) : port % 6);
const maskOf = (router: string): number => nodeOf(plan, router).hashFields;
const portsIn = (input: string): number[] =>
  [...input.matchAll(/sport (\d+)/g)].map(([, port]) => Number(port));
const hashing: ExecIn = async (router, argv, { input }) => {
  const found = [...argv].flatMap((word) => /^(\d+):6$/.exec(word)?.[1] ?? []).map(Number);
  const lines =
    argv[0] === 'perl'
      ? found.map((mask) => flows.map(({ port }) => partOf(mask, port)).join(' '))
      : portsIn(input).map((port) => {
          const hop = partOf(maskOf(router), port) < 3 ? 'l4-1' : 'l4-2';
          const via = router === 'edge' ? addressOf('r-1', 'transit') : addressOf(hop, 'fabric');
          return `198.51.100.1 from 203.0.113.1 via ${via} dev fabric`;
        });
  return { exitCode: 0, stdout: lines.join('\n'), stderr: '' };
};
const joining = (tier: string) => {
  const timeline = [scale(tier, 1, 1000)];
  return { scenario: { ...scenario, timeline }, plans: plansOver(timeline, plan, kindTable) };
};
const moving = (isMoving: (port: number) => boolean) => {
  const must = flows.filter(({ port }) => isMoving(port)).map(({ flow }) => flow);
  return { must, may: [], unsaid: [], least: must.length, most: must.length };
};

test('the kernel is asked for the hash of routers that will have another number of next hops, and which flows move is known', async () => {
  const asked: string[] = [];
  const exec: ExecIn = (node, argv, given) => {
    asked.push(`${node}: ${argv.slice(3).join(' ')}`);
    expect(given.input.match(/\n/g)).toHaveLength(40);
    return hashing(node, argv, given);
  };
  const ways = askWays(plan, flows, hashing);
  const { scenario: joins, plans } = joining('l4');
  const [event] = await foretell(joins, plans, flows, { now: () => 7, ways, exec });
  // Halves become thirds: part 2 goes from l4-1 to l4-2, and parts 4 and 5 go to l4-3.
  expect(event?.moved).toEqual(moving((port) => [2, 4, 5].includes(partOf(maskOf('r-1'), port))));
  // The node upstream keeps its next hops: nothing is asked about it.
  expect(asked).toEqual([`client: ipv4 ${maskOf('r-1')}:6 ${maskOf('r-2')}:6`]);
});

test('of a router that is yet to join the kernel tells the hash too: which flows it takes, and where to', async () => {
  const { scenario: joins, plans } = joining('r');
  const r3 = plans[1]?.nodes.find(({ name }) => name === 'r-3');
  const exec: ExecIn = async (router, argv, given) => {
    if (argv[0] === 'perl') {
      expect(argv.slice(-2)).toEqual([`${maskOf('edge')}:6`, `${r3?.hashFields}:2`]);
      const sixths = flows.map(({ port }) => port % 6).join(' ');
      const halves = flows.map(({ port }) => Math.floor(port / 6) % 2).join(' ');
      return { exitCode: 0, stdout: `${sixths}\n${halves}\n`, stderr: '' };
    }
    const { stdout } = await hashing(router, argv, given);
    if (router !== 'edge') return { exitCode: 0, stdout, stderr: '' };
    const lines = portsIn(given.input).map((port) => {
      const via = addressOf(port % 6 < 3 ? 'r-1' : 'r-2', 'transit');
      return `198.51.100.1 from 203.0.113.1 via ${via} dev transit`;
    });
    return { exitCode: 0, stdout: lines.join('\n'), stderr: '' };
  };
  const ways = askWays(plan, flows, exec);
  const [event] = await foretell(joins, plans, flows, { now: () => 7, ways, exec });
  // Part 2 goes from r-1 to r-2, parts 4 and 5 from r-2 to r-3.
  const isOnFirst = (router: string, port: number): boolean => partOf(maskOf(router), port) < 3;
  const before = (port: number): boolean => isOnFirst(port % 6 < 3 ? 'r-1' : 'r-2', port);
  const after = (port: number): boolean =>
    port % 6 < 2
      ? isOnFirst('r-1', port)
      : port % 6 < 4
        ? isOnFirst('r-2', port)
        : Math.floor(port / 6) % 2 === 0;
  expect(event?.moved).toEqual(moving((port) => before(port) !== after(port)));
});

test('a kernel that does not tell the hash leaves chances, and says why', async () => {
  const ways = askWays(plan, flows, hashing);
  const { scenario: joins, plans } = joining('l4');
  const [event] = await foretell(joins, plans, flows, { now: () => 7, ways, exec: mute });
  expect(event?.moved).toMatchObject({ must: [], may: flows.map(({ flow }) => flow), unsaid: [] });
  expect(event?.why.join()).toContain('of 0 of 40 flows: RTNETLINK answers: No route to host');
});
