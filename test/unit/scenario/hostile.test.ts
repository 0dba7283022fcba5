/** What a scenario says reaches shells, `tc`, control sockets and paths: each hostile text is refused, or is a title and nothing more. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { InputError } from '../../../src/base/errors.ts';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { loadScenario } from '../../../src/scenario/index.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';
import { payloads, placesIn, withText } from '../hostile.ts';

const root = join(import.meta.dirname, '../../..');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

const load = (file: string) => loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation });

/** Every fault with every setting that is a text, and every other entry of a timeline. */
const base = parse(`
name: all of them
topology: ${root}/topologies/three-tier.yaml
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 10, heartbeat: 1s, timeout: 5s}
  - {name: requests, type: http, from: client, to: web, rate: 50/s, timeout: 2s}
steady: {for: 1s}
timeline:
  - {at: 1s, name: crash, fault: node.crash, target: l4-1}
  - {at: 2s, action: heal, of: crash}
  - {at: 2s, fault: node.restart, target: l7-1}
  - {at: 2s, fault: node.freeze, target: l7-2}
  - {at: 3s, fault: node.sysctl, target: l4-1, set: {net.ipv4.vs.sloppy_tcp: 0}}
  - {at: 3s, fault: daemon.kill, target: l4-1, daemon: bird, signal: KILL}
  - {at: 3s, fault: daemon.restart, target: l4-1, daemon: keepalived}
  - {at: 3s, fault: link.down, target: "l7-1:servers"}
  - {at: 3s, fault: link.flap, target: "l7-1:fabric", period: 2s}
  - {at: 3s, fault: link.netem, target: "l7-3:servers", direction: to-node, delay: 10ms, jitter: 1ms, loss: 1%, duplicate: 1%, reorder: 1%, corrupt: 1%, rate: 1Mbit/s}
  - {at: 4s, fault: link.mtu, target: "l7-2:fabric", mtu: 1400}
  - {at: 4s, fault: link.blackhole, target: "l7-2:servers", direction: both}
  - {at: 4s, fault: net.partition, target: l4-1, from: [l7-1]}
  - {at: 4s, fault: bgp.reset, target: l4-1, peer: r-1}
  - {at: 4s, fault: bfd.off, target: l4-1, peer: r-1}
  - {at: 4s, fault: vip.withdraw, target: l4-1}
  - {at: 5s, fault: l4.weight, target: l4-1, server: l7-1, weight: 0}
  - {at: 5s, fault: l4.order, target: l4-1, order: [l7-2]}
  - {at: 5s, fault: l4.flush, target: l4-2}
  - {at: 5s, fault: l7.reload, target: l7-1, balance: random}
  - {at: 5s, fault: l7.restart, target: l7-3}
  - {at: 5s, fault: l7.backend, target: l7-1, backend: web-1, state: drain}
  - {at: 6s, fault: backend.slow, target: web-1, delay: 10ms}
  - {at: 6s, fault: backend.errors, target: web-2, rate: 10%}
  - {at: 6s, fault: backend.refuse, target: web-3}
  - {at: 6s, fault: backend.hang, target: web-3}
  - {at: 6s, fault: backend.half-open, target: web-3}
duration: 20s
expect: [held.broken == 0, requests.error_rate < 1%]
control: {set: {l4.sloppy_tcp: false}, skip: [crash], expect: [held.broken > 0]}
`) as unknown;

/** Every place that holds a text, and every key: but for the names of files, which are the user's own. */
const places = placesIn(base).filter(({ path, isKey }) => isKey || path.at(-1) !== 'topology');

test('without a hostile text it is a scenario, of every fault that this topology can have', async () => {
  await load(await written(base));
  const { timeline } = base as { timeline: { fault?: string }[] };
  const faults = timeline.flatMap(({ fault }) => fault ?? []);
  expect([...faults, 'router.nexthop'].sort()).toEqual(Object.keys(faultTable).sort());
  expect(places.length).toBeGreaterThan(200);
});

/** Not each in each place, which would take a minute: the next one in the next place. */
test('a hostile text is refused wherever it stands, but in the title', { timeout: 120_000 }, async () => {
  const texts = Object.values(payloads);
  const accepted: string[] = [];
  for (const [i, { path, isKey }] of places.entries()) {
    const text = texts[i % texts.length] ?? '';
    const file = await written(withText(base, path, isKey, text));
    const isAccepted = await load(file).then(() => true, isInputError);
    if (isAccepted) accepted.push(`${isKey ? 'key ' : ''}${path.join('.')}: ${text}`);
  }
  expect(accepted.filter((place) => !place.startsWith('name: '))).toEqual([]);
});

async function written(scenario: unknown): Promise<string> {
  const file = join(folder, 'scenario.yaml');
  await writeFile(file, stringify(scenario));
  return file;
}

/** @throws what is no refusal */
function isInputError(error: unknown): false {
  if (error instanceof InputError) return false;
  throw error;
}
