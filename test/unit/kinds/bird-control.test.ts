import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  askBird,
  parseBfdSessions,
  parseProtocols,
  parseReplies,
  parseRoutes,
} from '../../../src/kinds/bird/control.ts';
import { missingSessions, missingWays } from '../../../src/kinds/bird/speaker.ts';
import { expectedWays } from '../../../src/kinds/bird/ways.ts';
import type { NodeView } from '../../../src/kinds/contract.ts';
import { nodeOf, threeTier } from './three-tier.ts';

const plan = await threeTier();
const router = nodeOf(plan, 'r-1');
const recorded = (name: string): string => readFileSync(new URL(`recorded/${name}`, import.meta.url), 'utf8');
const [, protocols = [], bfd = [], routes = []] = parseReplies(recorded('bird-router.txt'));

/** A node whose BIRD says what was recorded. */
function viewThatHears(text: string): NodeView {
  return {
    node: router,
    plan,
    paths: { files: '/files', linked: '/linked', run: '/run/r-1', programs: '/programs', node: '/node' },
    ask: async () => text,
    readFile: () => Promise.reject(new Error('nothing to read')),
    writeFile: () => Promise.reject(new Error('nothing to write')),
    netlink: async () => Buffer.alloc(0),
    outOfService: async () => new Set(),
    exec: () => Promise.reject(new Error('nothing to run')),
  };
}

test('every protocol is read with its state and its own word for it', () => {
  expect(parseProtocols(protocols)).toContainEqual({ name: 'tl_bfd', type: 'BFD', state: 'up', info: '' });
  expect(parseProtocols(protocols)).toContainEqual({
    name: 'to-l7-3-fabric',
    type: 'BGP',
    state: 'up',
    info: 'Established',
  });
  expect(parseProtocols(protocols)).toHaveLength(9);
});

test('BFD sessions are read by the address of their neighbour', () => {
  expect(parseBfdSessions(bfd)).toHaveLength(6);
  expect(parseBfdSessions(bfd)).toContainEqual({ address: '192.0.2.17', interface: 'transit', state: 'Up' });
});

test('a merged route has all its next hops', () => {
  expect(parseRoutes(routes).find(({ prefix }) => prefix === '198.51.100.1/32')).toEqual({
    prefix: '198.51.100.1/32',
    protocol: 'to-l4-1-fabric',
    primary: true,
    nextHops: [
      { address: '192.0.2.131', interface: 'fabric' },
      { address: '192.0.2.132', interface: 'fabric' },
    ],
  });
});

test('a router whose sessions and ways are all there lacks nothing', () => {
  expect(missingSessions(router, protocols, bfd)).toEqual([]);
  expect(missingWays(expectedWays(router, plan), parseRoutes(routes))).toEqual([]);
});

test('a router that is still starting says which sessions it waits for, and why', () => {
  const [, starting = [], startingBfd = [], startingRoutes = []] = parseReplies(
    recorded('bird-router-starting.txt'),
  );
  expect(missingSessions(router, starting, startingBfd)).toEqual([
    'BGP with l7-1: Active        Socket: Connection refused',
    'BGP with l7-3: Active        Socket: Connection refused',
  ]);
  expect(missingWays(expectedWays(router, plan), parseRoutes(startingRoutes))).toEqual([
    'no way to 198.51.100.1/32 via l4-1, l4-2',
  ]);
});

test('an established session that BFD does not watch yet is not enough', () => {
  const without = bfd.map((line) => ({
    ...line,
    text: line.text.replace(/(192\.0\.2\.132 .*)Up/, '$1Init'),
  }));
  expect(missingSessions(router, protocols, without)).toEqual(['BFD with l4-2: Init']);
});

test('a dead neighbour is missed by BGP and as next hop', () => {
  const [, states = [], watched = [], left = []] = parseReplies(recorded('bird-router-l4-1-dead.txt'));
  expect(missingSessions(router, states, watched)).toEqual([
    'BGP with l4-1: Connect       Error: BFD session down',
  ]);
  expect(missingWays(expectedWays(router, plan), parseRoutes(left))).toEqual([
    'no way to 198.51.100.1/32 via l4-1',
  ]);
});

test('one connection carries several questions', async () => {
  const answers = await askBird(viewThatHears(recorded('bird-router.txt')), ['a', 'b', 'c']);
  expect(answers.map(([first]) => first?.code)).toEqual([2002, 1020, 1007]);
});

test('a refusal names the node and the reason', async () => {
  await expect(askBird(viewThatHears(recorded('bird-refused.txt')), ['show nonsense'])).rejects.toThrow(
    'bird of r-1: syntax error, unexpected CF_SYM_UNDEFINED (9001)',
  );
});

test('an answer that was cut off is no answer', async () => {
  const cut = recorded('bird-router.txt').slice(0, 900);
  await expect(askBird(viewThatHears(cut), ['a', 'b', 'c'])).rejects.toThrow(
    'bird of r-1 answered 2 of 4 times',
  );
});

test('an answer is complete when each question has its last line, and not before', async () => {
  const whole = recorded('bird-router.txt');
  let isComplete: ((answer: string) => boolean) | undefined;
  const view: NodeView = {
    ...viewThatHears(whole),
    ask: async (_socket, _request, complete) => {
      isComplete = complete;
      return whole;
    },
  };
  await askBird(view, ['a', 'b', 'c']);
  expect(isComplete?.(whole)).toBe(true);
  for (const length of [0, 30, 500, 900, whole.length - 1])
    expect(isComplete?.(whole.slice(0, length))).toBe(false);
});
