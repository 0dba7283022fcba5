/** A lab without a tier of L4 nodes: the L7 nodes stand behind the routers and announce the VIP themselves. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { expectedWays } from '../../../src/kinds/bird/ways.ts';
import { announcerScript } from '../../../src/kinds/haproxy/announcer.ts';
import { kinds } from '../../../src/kinds/index.ts';
import type { Plan } from '../../../src/topology/types.ts';
import { nodeOf, planOf, threeTier } from './three-tier.ts';

const twoTier = await planOf('two-tier');
const withTier2 = await threeTier();
const paths = { files: '/files', linked: '/linked', run: '/run', programs: '/programs', node: '/node' };

const rendered = (plan: Plan, name: string): Readonly<Record<string, string>> =>
  kinds[nodeOf(plan, name).kind]?.render(nodeOf(plan, name), plan, paths) ?? {};
const announcing = (plan: Plan): string[] =>
  plan.nodes.filter(({ announces }) => announces).map(({ name }) => name);

test('those announce the VIP who are first behind the routers', () => {
  expect(announcing(withTier2)).toEqual(['l4-1', 'l4-2']);
  expect(announcing(twoTier)).toEqual(['l7-1', 'l7-2', 'l7-3']);
});

test('routers expect the VIP from the L7 nodes, and take it from nobody else', () => {
  const [vip] = expectedWays(nodeOf(twoTier, 'r-1'), twoTier).filter(({ prefix }) => prefix.endsWith('/32'));
  expect(vip?.nextHops.map(({ node }) => node)).toEqual(['l7-1', 'l7-2', 'l7-3']);
  const imports = (plan: Plan): string[] =>
    (rendered(plan, 'r-1')['bird.conf'] ?? '').match(/protocol bgp 'to-l7-1-fabric'[^}]*?import [^;]*/g) ??
    [];
  expect(imports(twoTier)[0]).toMatch(/import where net ~ \[ 198\.51\.100\.1\/32 \]$/);
  expect(imports(withTier2)[0]).toMatch(/import none$/);
});

test('an L7 node that announces the VIP holds it without a tunnel, and asks itself whether it is well', () => {
  const node = nodeOf(twoTier, 'l7-1');
  expect(kinds.haproxy?.ipBatch(node, twoTier)).toEqual([
    'link add name announce up type dummy',
    'address add 198.51.100.1/32 dev lo',
  ]);
  expect(kinds.haproxy?.daemons(node, twoTier, paths).map(({ name }) => name)).toEqual([
    'bird',
    'announcer',
    'haproxy',
  ]);
  const { 'haproxy.cfg': config, 'bird.conf': bird, 'announcer.pl': announcer } = rendered(twoTier, 'l7-1');
  expect(config).toMatch(/frontend tl_health\n.*\n.*\n {2}bind 127\.0\.0\.1:80\n {2}monitor-uri/);
  expect(bird).toContain('interface "announce";');
  expect(bird).toContain('export where source = RTS_DEVICE && is_vip();');
  expect(announcer).toBe(announcerScript);
});

test('behind L4 nodes it does none of that', () => {
  expect(Object.keys(rendered(withTier2, 'l7-1'))).not.toContain('announcer.pl');
  expect(rendered(withTier2, 'l7-1')['bird.conf']).not.toContain('announce');
});

test('Perl accepts the announcer', () => {
  execFileSync('perl', ['-c', '-e', announcerScript], { stdio: 'pipe' });
});

test('draining it withdraws its VIP; behind L4 nodes it loses its weight, and its sessions end in peace', () => {
  const steps = (plan: Plan): (string | undefined)[] => {
    const node = nodeOf(plan, 'l7-1');
    const lab = {
      plan,
      view: () => {
        throw new Error('asks nobody');
      },
      alive: async () => true,
      write: async () => undefined,
      alone: () => Promise.reject(new Error('writes nothing')),
      start: async () => undefined,
    };
    return ['out', 'back'].flatMap((way) =>
      (way === 'out' ? kinds.haproxy?.drain?.out : kinds.haproxy?.drain?.back)?.(lab, node).map(
        ({ what }) => what,
      ),
    );
  };
  expect(steps(twoTier)).toEqual([
    'no router has a way over l7-1',
    'l7-1 has a backend',
    'l7-1 knows its ways back',
    'every router has a way over l7-1 again',
  ]);
  expect(steps(withTier2)).toEqual([
    'l7-1 has weight 0 on every L4 node',
    'l7-1 has no sessions',
    'l7-1 has a backend',
    'l7-1 knows its ways back',
    'l7-1 has its weight on every L4 node again',
  ]);
});

test('its VIP can be withdrawn by a fault; behind L4 nodes there is none to withdraw', async () => {
  const { faultTable } = await import('../../../src/faults/index.ts');
  const refuse = (plan: Plan, name: string) =>
    faultTable['vip.withdraw']?.refuse?.(nodeOf(plan, name), {}, plan)?.message;
  expect(refuse(twoTier, 'l7-1')).toBeUndefined();
  expect(refuse(withTier2, 'r-1')).toBeUndefined();
  expect(refuse(withTier2, 'l7-1')).toBe('l7-1 announces no VIP: L4 nodes before it do');
});
