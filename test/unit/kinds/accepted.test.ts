/** The real programs read what was rendered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import type { Plan } from '../../../src/topology/types.ts';
import { checkers, isHere, refusals } from './checkers.ts';
import { planOf, threeTier } from './three-tier.ts';

/** Two services of one port, one of another protocol, clients straight at the routers, one L4 node, names with dashes. */
const odd = `
name: odd
services:
  web-a: {vip: 198.51.100.1, port: 80, protocol: http}
  web-b: {vip: 198.51.100.2, port: 80, protocol: http}
  raw: {vip: 198.51.100.2, port: 5432, protocol: tcp}
networks:
  net-0: {subnet: 192.0.2.0/28}
  net-1: {subnet: 192.0.2.128/25}
  net-2: {subnet: 10.1.0.0/24}
nodes:
  many-users: {kind: client, networks: [net-0], sources: 203.0.113.0/24}
  left-or-right: {kind: bird, count: 3, asn: 65000, networks: [net-0, net-1], bfd_interval: 50ms}
  l4: {kind: ipvs, networks: [net-1], serves: [web-a, web-b, raw], to: p-r, scheduler: rr}
  p-r: {kind: haproxy, count: 2, networks: [net-1, net-2], serves: [web-a, web-b, raw], to: b}
  b: {kind: web, networks: [net-2]}
`;

const plans: Record<string, Plan> = {
  'three-tier': await threeTier(),
  'fixed-next-hops': await planOf('fixed-next-hops'),
  'two-tier': await planOf('two-tier'),
  'reference-2018': await planOf('reference-2018'),
  'reference-2018-dual-stack': await planOf('reference-2018-dual-stack'),
  'dual-stack': await planOf('dual-stack'),
  odd: planTopology(topologyOf(parseDocument(odd, 'odd.yaml'), kindTable), kindTable),
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierlab-render-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const checker of checkers) {
  const { program } = checker;
  const here = isHere(checker);
  for (const [name, plan] of Object.entries(plans)) {
    // Without L4 nodes there is no keepalived.
    if (program === 'keepalived' && plan.nodes.every(({ kind }) => kind !== 'ipvs')) continue;
    test.skipIf(!here)(
      `${program} accepts its configuration for every node of ${name}${here ? '' : ` (${program} is not installed)`}`,
      async () => {
        const { asked, against } = await refusals(checker, plan, join(folder, name));
        expect(asked).toBeGreaterThan(0);
        expect(against).toEqual([]);
      },
    );
  }
}
