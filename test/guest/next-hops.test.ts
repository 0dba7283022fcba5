/** Routers whose next hops BGP does not bring: what is taken out of their groups by hand, and what they say of it. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Home, makeHome, repository } from './tierlab.ts';

describe('fixed next hops, by hand', () => {
  let home: Home;
  const fine = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await home.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  /** Next hops that a router's kernel has for the VIP, by the end of their addresses. */
  const hops = async (router: string): Promise<string[]> => {
    const route = await fine('exec', router, '--', 'ip', '-d', 'route', 'show', '198.51.100.1');
    return [...route.matchAll(/via 192\.0\.2\.(\d+)/g)].map(([, end = '']) => end).sort();
  };

  beforeAll(async () => {
    home = await makeHome();
    await fine('up', join(repository, 'topologies/fixed-next-hops.yaml'), '--host', 'uml');
  });
  afterAll(() => home.remove());

  test('one is taken out of every router, shows in the list and in what the routers say, and comes back', async () => {
    const before = await hops('r-1');
    expect(before).toHaveLength(4);
    const added = await fine('fault', 'add', 'router.nexthop', 'r', 'remove=l4-2');
    expect(added).toMatch(/router\.nexthop-r: .*next hops of r-1: l4-1, l4-2, l4-3, l4-4 → l4-1, l4-3, l4-4/);
    for (const router of ['r-1', 'r-2']) expect(await hops(router)).toHaveLength(3);
    expect(JSON.parse(await fine('fault', 'list', '--format', 'json'))).toMatchObject({
      faults: [{ name: 'router.nexthop-r', fault: 'router.nexthop', target: 'r', state: 'landed' }],
    });
    expect(await fine('ps')).toMatch(/r-1 .*fixed next hops l4-1, l4-3, l4-4/);
    expect(await home.run('fault', 'add', 'router.nexthop', 'r-1', 'remove=l4-2')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('r-1 has router.nexthop already'),
    });
    expect(await fine('fault', 'heal', 'router.nexthop-r')).toMatch(/healed: .*→ l4-1, l4-2, l4-3, l4-4/);
    for (const router of ['r-1', 'r-2']) expect(await hops(router)).toEqual(before);
    await fine('exec', 'client', '--', 'curl', '-sf', '-o', '/dev/null', 'http://198.51.100.1/');
  });

  test('the last one cannot be taken out, and nothing happens', async () => {
    const { exitCode, stderr } = await home.run('fault', 'add', 'router.nexthop', 'r-2', 'remove=l4');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('r-2 would be left without a next hop'),
    });
    expect(await hops('r-2')).toHaveLength(4);
    expect(await fine('fault', 'list')).toMatch(/^Nothing is wrong/);
  });
});
