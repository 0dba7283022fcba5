import { expect, test } from 'vitest';
import { addressesOf } from '../../../src/base/families.ts';
import { type Family, familyOf } from '../../../src/base/ip.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { generateTopology, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';

const planned = (routers: number, l4: number, l7: number, web: number, families?: Family[]) => {
  const text = generateTopology({
    name: 'big',
    ...(families === undefined ? {} : { families }),
    routers,
    l4,
    l7,
    web,
  });
  return planTopology(topologyOf(parseDocument(text, 'big.yaml'), kindTable), kindTable);
};

test.each([
  [1, 1, 1, 1],
  [2, 0, 3, 3],
  [4, 16, 64, 128],
  [10, 100, 250, 250],
  [4, 50, 200, 744],
  [1, 1, 23, 1000],
])('a topology of %i routers, %i L4, %i L7 and %i backends is sound and has that many nodes', (...sizes) => {
  const plan = planned(...sizes);
  const of = (group: string): number => plan.nodes.filter((node) => node.group === group).length;
  expect(['r', 'l4', 'l7', 'web'].map(of)).toEqual(sizes);
  const addresses = plan.nodes.flatMap(({ interfaces }) => interfaces.map(({ address }) => address));
  expect(new Set(addresses).size).toBe(addresses.length);
});

test.each<Family[]>([['ipv6'], ['ipv4', 'ipv6']])(
  'a topology has the families it is asked for: %s %s',
  (...families) => {
    const plan = planned(4, 16, 64, 128, families);
    expect(plan.nodes).toHaveLength(1 + 1 + 4 + 16 + 64 + 128);
    expect(plan.services.map(({ vip }) => familyOf(vip))).toEqual(families);
    const addresses = plan.nodes.flatMap((node) => node.interfaces.map(addressesOf));
    for (const each of addresses) expect(each.map(({ address }) => familyOf(address))).toEqual(families);
    expect(new Set(addresses.flat().map(({ address }) => address)).size).toBe(
      addresses.length * families.length,
    );
    // Tiers 1 and 2 know their neighbours, and the proxies behind them, in each family.
    for (const { group, peers, targets } of plan.nodes)
      if (group === 'l4')
        expect([peers.length, targets.length]).toEqual([4 * families.length, 64 * families.length]);
  },
);

test('with both families neighbours and servers are asked half as often: there are twice as many', () => {
  const text = (families: Family[]): string =>
    generateTopology({ name: 'big', families, routers: 4, l4: 16, l7: 64, web: 128 });
  expect(text(['ipv6'])).toMatch(/kind: ipvs.* bfd_interval: 1\.2s, hold_time: 65s, check_interval: 20\.5s/);
  expect(text(['ipv4', 'ipv6'])).toMatch(
    /kind: ipvs.* bfd_interval: 2\.3s, hold_time: 130s, check_interval: 41s/,
  );
});

test('a small topology keeps the defaults, and a large one asks its neighbours and servers more seldom', () => {
  const text = (l4: number, l7: number, web: number): string =>
    generateTopology({ name: 'big', routers: 4, l4, l7, web });
  expect(text(2, 3, 3)).not.toMatch(/interval|hold_time|ecmp_limit/);
  expect(text(16, 64, 128)).toMatch(
    /kind: ipvs.* bfd_interval: 1\.2s, hold_time: 65s, check_interval: 20\.5s/,
  );
  expect(text(16, 64, 128)).toMatch(
    /kind: haproxy.* bfd_interval: 4\.3s, hold_time: 65s, check_interval: 60s/,
  );
  expect(text(16, 64, 128)).toContain('6,480 BFD packets and 10,240 health checks a second');
  expect(text(100, 3, 3)).toContain('ecmp_limit: 100');
});

test('more nodes than fit on a bridge are refused in words', () => {
  const text = generateTopology({ name: 'big', routers: 1, l4: 1, l7: 100, web: 1000 });
  expect(() => topologyOf(parseDocument(text, 'new.yaml'), kindTable)).toThrow(
    /1100 nodes are on "servers", but a Linux bridge has at most 1023 ports/,
  );
});

test('a name that is none is refused, and cannot bring YAML of its own along', () => {
  const text = generateTopology({ name: 'a\nservices: {}', routers: 1, l4: 1, l7: 1, web: 1 });
  expect(() => topologyOf(parseDocument(text, 'new.yaml'), kindTable)).toThrow(/cannot be a name|name/);
});
