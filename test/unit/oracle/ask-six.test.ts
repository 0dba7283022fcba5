/** The ways of IPv6 flows, of which routers say nothing that holds. */
import { expect, test } from 'vitest';
import { askWays, type ExecIn, type ForetoldFlow, waysTaken } from '../../../src/oracle/index.ts';
import { nodeOf, planOf } from '../kinds/three-tier.ts';

const plan = await planOf('dual-stack');
const flows = Array.from(
  { length: 40 },
  (_, flow): ForetoldFlow => ({
    traffic: 'held',
    flow,
    address: `2001:db8:f::${(flow + 1).toString(16)}`,
    port: 20_000 + flow,
    service: 'web',
    client: 'client',
  }),
);
const sixOf = (name: string, network: string): string => {
  const found = nodeOf(plan, name).interfaces.find((one) => one.network === network);
  return found?.other?.address ?? '';
};
const hopsOf: Readonly<Record<string, readonly string[]>> = {
  edge: [sixOf('r-1', 'transit'), sixOf('r-2', 'transit')],
  'r-1': [sixOf('l4-1', 'fabric'), sixOf('l4-2', 'fabric')],
  // As BIRD has them when one has died.
  'r-2': [sixOf('l4-2', 'fabric')],
};

const routes = (hops: readonly string[]): string =>
  JSON.stringify([
    hops.length === 1
      ? { dst: '2001:db8:100::1', gateway: hops[0], dev: 'fabric', protocol: 'bird' }
      : {
          dst: '2001:db8:100::1',
          protocol: 'bird',
          nexthops: hops.map((gateway) => ({ gateway, weight: 1 })),
        },
  ]);

/** Flows in turn in the first and the second half, at edge two by two. */
const telling: ExecIn = async (node, argv, { input }) => {
  if (argv[0] !== 'perl') {
    expect(argv).toEqual(['ip', '-6', '-json', 'route', 'show', '2001:db8:100::1']);
    return { exitCode: 0, stdout: routes(hopsOf[node] ?? []), stderr: '' };
  }
  expect(node).toBe('client');
  const count = input.trim().split('\n').length;
  const lines = argv.slice(4).map((question) => {
    const step = question === `${nodeOf(plan, 'edge').hashFields}:2` ? 2 : 1;
    return Array.from({ length: count }, (_, i) => Math.floor(i / step) % 2).join(' ');
  });
  return { exitCode: 0, stdout: lines.join('\n'), stderr: '' };
};

test('the way of a flow of IPv6 follows from its place in the hash and the next hops that its routers have now', async () => {
  const taken = waysTaken(plan, flows, await askWays(plan, flows, telling));
  const ways = flows.slice(0, 4).map(({ address, port }) => taken.get(`[${address}]:${port}`)?.join(' '));
  expect(ways).toEqual([
    'client edge r-1 l4-1',
    'client edge r-1 l4-2',
    'client edge r-2 l4-2',
    'client edge r-2 l4-2',
  ]);
});

test('of a router that is dead the way is known up to it, and of a kernel that tells nothing none', async () => {
  const dead: ExecIn = (node, argv, given) =>
    node === 'r-1'
      ? Promise.resolve({ exitCode: 2, stdout: '', stderr: 'no such namespace' })
      : telling(node, argv, given);
  const taken = waysTaken(plan, flows, await askWays(plan, flows, dead, { lenient: true }));
  const [first] = flows;
  expect(taken.get(`[${first?.address}]:${first?.port}`)).toEqual(['client', 'edge', 'r-1']);
  const mute: ExecIn = (node, argv, given) =>
    argv[0] === 'perl'
      ? Promise.resolve({ exitCode: 1, stdout: '', stderr: 'cannot make a namespace' })
      : telling(node, argv, given);
  const known = await askWays(plan, flows, mute);
  expect(known.get(`[${first?.address}]:${first?.port}`)).toEqual({ hops: { 'r-2': 'l4-2' } });
});
