/** What the seed fixes, and what it cannot: the routers' hash has a key that every boot draws anew. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Home, judged, makeHome, threeTier } from './tierlab.ts';

let home: Home;

beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

const scenario = (seed: number): string => `name: an L7 node crashes
topology: ${threeTier}
seed: ${seed}
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 90, heartbeat: 500ms, timeout: 2s}
steady: {for: 1s}
timeline:
  - {at: 500ms, name: crash, fault: node.crash, target: l7-2}
duration: 6s
expect:
  - held.broken > 0
  - held.broken ~ oracle
`;

/** `client l7` of every flow that broke, in the order of their numbers. */
async function brokenWith(seed: number): Promise<string[]> {
  const file = join(home.directory, `seed-${seed}.yaml`);
  await writeFile(file, scenario(seed));
  const { exitCode, document } = await judged(home, file);
  const [run] = document.scenarios;
  expect(run?.reasons).toEqual([]);
  expect(exitCode).toBe(0);
  return [...(run?.brokenFlows ?? [])]
    .sort((a, b) => a.flow - b.flow)
    .map(({ client, l7 }) => `${client} ${l7}`);
}

test('the same seed breaks the same connections on every boot, another seed others', {
  timeout: 600_000,
}, async () => {
  const first = await brokenWith(42);
  const second = await brokenWith(42);
  const other = await brokenWith(43);
  expect(first.length).toBeGreaterThan(15);
  expect(second).toEqual(first);
  expect(other.filter((flow) => first.includes(flow))).toEqual([]);
});
