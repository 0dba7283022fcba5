import { expect, test } from 'vitest';
import type { Probe } from '../../../src/base/until.ts';
import { birdConfig } from '../../../src/kinds/bird/config.ts';
import { routerConfig } from '../../../src/kinds/bird/drain.ts';
import { idle } from '../../../src/kinds/bird/service.ts';
import type { LabView } from '../../../src/kinds/contract.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { speakerConfig } from '../../../src/kinds/ipvs/drain.ts';
import { nodeOf, planOf, threeTier } from './three-tier.ts';

test('a kind says that it can be drained if, and only if, it can', () => {
  for (const { traits, drain } of Object.values(kinds)) {
    expect(traits.drains === true, traits.name).toBe(drain !== undefined);
  }
});

test('a drained router and a drained L4 node differ from others in what they announce only', async () => {
  const plan = await threeTier();
  const texts = [
    [routerConfig(nodeOf(plan, 'r-1'), plan), routerConfig(nodeOf(plan, 'r-1'), plan, true)],
    [speakerConfig(nodeOf(plan, 'l4-1'), plan), speakerConfig(nodeOf(plan, 'l4-1'), plan, true)],
  ];
  for (const [well = '', drained = ''] of texts) {
    const before = well.split('\n');
    const after = drained.split('\n');
    expect(after).toHaveLength(before.length);
    const changed = before.flatMap((line, i) => (line === after[i] ? [] : [[line, after[i]]]));
    expect(changed.length).toBeGreaterThan(0);
    for (const [line, instead] of changed) {
      expect(line).toMatch(/^ {4}export where /);
      expect(instead).toBe('    export none;');
    }
    // Ways to the kernel stay: what is under way is forwarded.
    expect(drained).toContain('export where source = RTS_BGP');
  }
});

test('the configuration of a node that is not drained says nothing of draining', async () => {
  const plan = await threeTier();
  const origin = { interfaces: [], staticRoutes: true, transit: true };
  expect(birdConfig(nodeOf(plan, 'r-1'), plan, origin)).toBe(
    birdConfig(nodeOf(plan, 'r-1'), plan, { ...origin, drained: false }),
  );
});

test('a router that a static route leads over is not drained', async () => {
  const plan = await threeTier();
  const refuse = kinds.bird?.drain?.refuse;
  expect(refuse?.(nodeOf(plan, 'edge'), plan)).toMatch(/client cannot do without edge/);
  expect(refuse?.(nodeOf(plan, 'r-1'), plan)).toBeUndefined();
});

test('a counter is idle when it has stood still for longer than a heartbeat, and not before', async () => {
  let count = 5;
  const probe = idle('packets', async () => count);
  const okAfter = async (ms: number): Promise<Probe> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return probe();
  };
  expect((await probe()).ok).toBe(false);
  expect((await okAfter(900)).ok).toBe(false);
  count = 6;
  expect((await okAfter(500)).ok).toBe(false);
  expect((await okAfter(900)).ok).toBe(false);
  expect(await okAfter(400)).toMatchObject({ ok: true });
});

test('a router that is drained forwards nothing any more when it does in no family', async () => {
  const plan = await planOf('dual-stack');
  const node = nodeOf(plan, 'r-1');
  let six = 7;
  const lab = {
    plan,
    view: () => ({
      node,
      readFile: async (path: string) =>
        path === '/proc/net/snmp'
          ? 'Ip: Forwarding DefaultTTL ForwDatagrams\nIp: 1 64 5\n'
          : `Ip6InReceives                   \t9\nIp6OutForwDatagrams             \t${six}\n`,
    }),
  } as unknown as LabView;
  const [, last] = kinds.bird?.drain?.out(lab, node) ?? [];
  expect(await last?.verify()).toMatchObject({ ok: false, saw: expect.stringMatching(/^12 packets/) });
  six = 8;
  expect(await last?.verify()).toMatchObject({
    ok: false,
    saw: expect.stringMatching(/^13 packets.* 0 ms$/),
  });
});
