import { expect, test } from 'vitest';
import {
  askRouters,
  type Fabric,
  fabricOf,
  type Knowledge,
  outcomes,
  type Stage,
} from '../../../src/oracle/index.ts';
import { threeTier } from '../kinds/three-tier.ts';

const ends = ['a', 'b', 'c', 'd'];
const oneRouter: Fabric = {
  start: 'r',
  hops: new Map([['r', ends]]),
  fixed: new Map(),
  tellers: new Map(),
  ends: new Set(ends),
};
const twoRouters: Fabric = {
  start: 'client',
  hops: new Map([
    ['client', ['edge']],
    ['edge', ['r-1', 'r-2']],
    ['r-1', ['a', 'b']],
    ['r-2', ['a', 'b']],
  ]),
  fixed: new Map(),
  tellers: new Map(),
  ends: new Set(['a', 'b']),
};
const stages = (fabric: Fabric, ...gone: readonly (readonly string[])[]): Stage[] =>
  gone.map((names) => ({ fabric, gone: new Set(names) }));

/** Probability that the flow's end differs between the first state and the last. */
function moved(fabric: Fabric, gone: readonly string[], knowledge: Knowledge = {}): number {
  return sum(fabric, gone, knowledge, (before, after) => before !== after);
}

function sum(
  fabric: Fabric,
  gone: readonly string[],
  knowledge: Knowledge,
  counts: (before: string | undefined, after: string | undefined) => boolean,
): number {
  return outcomes(stages(fabric, [], gone), knowledge)
    .filter(({ ways: [before, after] }) => counts(before?.at(-1), after?.at(-1)))
    .reduce((total, { probability }) => total + probability, 0);
}

test('when one of four next hops goes, half or a third of the flows move, as its place decides', () => {
  expect(moved(oneRouter, ['d'])).toBeCloseTo(1 / 2);
  expect(moved(oneRouter, ['a'])).toBeCloseTo(1 / 2);
  expect(moved(oneRouter, ['b'])).toBeCloseTo(1 / 3);
  expect(moved(oneRouter, ['c'])).toBeCloseTo(1 / 3);
});

test('a next hop that is known says which flows move for certain', () => {
  expect(moved(oneRouter, ['d'], { hops: { r: 'd' } })).toBeCloseTo(1);
  expect(moved(oneRouter, ['d'], { hops: { r: 'a' } })).toBeCloseTo(0);
  // b had 1/4 to 2/4 of the range; then a has all to 1/3.
  expect(moved(oneRouter, ['d'], { hops: { r: 'b' } })).toBeCloseTo(1 / 3);
  expect(moved(oneRouter, ['d'], { l4: 'b' })).toBeCloseTo(1 / 3);
});

test('where in the range of the hash a flow lies says all', () => {
  // Of twelve parts a has three, then four, b the rest of its own and one of c's, …
  const ends = Array.from({ length: 12 }, (_, part) => {
    const found = outcomes(stages(oneRouter, [], ['d'], ['a', 'c'], []), { parts: { r: { part, of: 12 } } });
    expect(found).toHaveLength(1);
    expect(found[0]?.probability).toBeCloseTo(1);
    return found[0]?.ways.map((way) => way?.at(-1)).join('');
  });
  expect(ends).toEqual('aaba aaba aaba babb bbbb bbbb cbdc cbdc ccdc dcdd dcdd dcdd'.split(' '));
  // Fewer parts than borders: what is left is a matter of chance. What contradicts the next hop is dropped.
  const half = { parts: { r: { part: 0, of: 2 } } };
  expect(moved(oneRouter, ['d'], half)).toBeCloseTo(1 / 6);
  expect(moved(oneRouter, ['d'], { hops: { r: 'd' }, parts: { r: { part: 0, of: 12 } } })).toBeCloseTo(1 / 2);
});

test('a bucket of a resilient group stays with its next hop until that leaves, and does not come back with it', () => {
  const resilient: Fabric = { ...oneRouter, fixed: new Map([['r', 'resilient']]) };
  const groups = [[], ['b'], []].map(
    (names): Stage => ({
      fabric: resilient,
      gone: new Set(),
      removed: new Map([['r', new Set(names)]]),
    }),
  );
  const found = outcomes(groups, { hops: { r: 'b' } });
  expect(
    found.map(({ ways, probability }) => [ways.map((way) => way?.at(-1)).join(''), probability]),
  ).toEqual(['baa', 'bcc', 'bdd'].map((way) => [way, expect.closeTo(1 / 3)]));
  expect(outcomes(groups, { hops: { r: 'a' } })).toHaveLength(1);
  // Of a death it takes no notice.
  const [dead] = outcomes(stages(resilient, [], ['b']), { hops: { r: 'b' } });
  expect(dead).toMatchObject({
    probability: 1,
    ways: [
      ['r', 'b'],
      ['r', 'b'],
    ],
  });
});

test('when a router goes, its flows meet the other routers with a hash that nobody knew', () => {
  expect(moved(twoRouters, ['r-1'])).toBeCloseTo(1 / 4);
  expect(moved(twoRouters, ['r-1'], { l4: 'a' })).toBeCloseTo(1 / 4);
  expect(moved(twoRouters, ['r-1'], { hops: { edge: 'r-2' } })).toBeCloseTo(0);
  expect(moved(twoRouters, ['r-1'], { hops: { edge: 'r-1', 'r-1': 'a', 'r-2': 'b' } })).toBeCloseTo(1);
  expect(moved(twoRouters, ['r-1'], { hops: { edge: 'r-1', 'r-1': 'a', 'r-2': 'a' } })).toBeCloseTo(0);
});

test('what was measured beats what routers said, and what cannot be is dropped', () => {
  const contradiction = { l4: 'b', hops: { edge: 'r-1', 'r-1': 'a' } };
  expect(sum(twoRouters, [], contradiction, (before) => before === 'b')).toBeCloseTo(1);
  expect(sum(twoRouters, [], { l4: 'nobody' }, (before) => before === 'b')).toBeCloseTo(1 / 2);
});

test('without next hops there is no way, and a router that has none withdraws', () => {
  expect(sum(twoRouters, ['edge'], {}, (_, after) => after === undefined)).toBeCloseTo(1);
  expect(sum(twoRouters, ['a', 'b'], {}, (_, after) => after === undefined)).toBeCloseTo(1);
  expect(sum(twoRouters, ['r-1', 'a'], {}, (_, after) => after === 'b')).toBeCloseTo(1);
});

test('going and coming back leaves every flow where it was', () => {
  const found = outcomes(stages(oneRouter, [], ['b'], []));
  for (const { ways } of found) expect(ways[2]).toEqual(ways[0]);
});

test('the ways to a VIP follow from the plan, next hops in the order of their addresses', async () => {
  expect(fabricOf(await threeTier(), '198.51.100.1', 'client')).toEqual({
    start: 'client',
    hops: new Map([
      ['edge', ['r-1', 'r-2']],
      ['r-1', ['l4-1', 'l4-2']],
      ['r-2', ['l4-1', 'l4-2']],
      ['client', ['edge']],
    ]),
    fixed: new Map(),
    tellers: new Map(),
    ends: new Set(['l4-1', 'l4-2']),
  });
});

const question = { router: 'r-1', interface: 'transit' };
const flows = [40_001, 40_002].map((port) => ({
  address: '203.0.113.5',
  port,
  vip: '198.51.100.1',
  vipPort: 80,
}));
const answers = [
  '198.51.100.1 from 203.0.113.5 via 192.0.2.132 dev fabric \\    cache iif transit \n',
  '198.51.100.1 from 203.0.113.5 via 192.0.2.131 dev fabric \\    cache iif transit \n',
];

test('a router is asked once for all flows and answers in their order', async () => {
  const asked: unknown[] = [];
  const found = await askRouters(
    async (router, argv, { input }) => {
      asked.push([router, argv.join(' '), input]);
      return { exitCode: 0, stdout: answers.join(''), stderr: '' };
    },
    [question],
    flows,
  );
  expect(found).toEqual(new Map([['r-1', ['192.0.2.132', '192.0.2.131']]]));
  const line = (port: number): string =>
    `route get 198.51.100.1 from 203.0.113.5 iif transit ipproto tcp sport ${port} dport 80\n`;
  expect(asked).toEqual([['r-1', 'ip -o -4 -batch -', line(40_001) + line(40_002)]]);
});

test('a router that does not answer for every flow is not believed', async () => {
  const exec = async (): Promise<{ exitCode: number; stdout: string; stderr: string }> => ({
    exitCode: 1,
    stdout: answers[0] ?? '',
    stderr: 'RTNETLINK answers: Invalid cross-device link\n',
  });
  await expect(askRouters(exec, [question], flows)).rejects.toThrow(
    'r-1 named the way of 1 of 2 flows: RTNETLINK answers: Invalid cross-device link',
  );
});
