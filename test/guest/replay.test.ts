/** What the seed fixes: which proxy a connection gets, and, where the kernel's hash can be given a key, its way to it as well. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Home, judged, makeHome, threeTier } from './tierlab.ts';

let home: Home;

beforeAll(async () => {
  home = await makeHome();
  const text = await readFile(threeTier, 'utf8');
  await writeFile(
    join(home.directory, 'topology.yaml'),
    text.replace('scheduler: mh', '$&, sloppy_tcp: false'),
  );
});
afterAll(() => home.remove());

/** Without `sloppy_tcp` an L4 node's connections break with it, as a proxy's do. */
const scenario = (target: string, seed: number): string => `name: ${target} crashes
topology: topology.yaml
seed: ${seed}
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 90, heartbeat: 500ms, timeout: 2s}
steady: {for: 1s}
timeline:
  - {at: 500ms, name: crash, fault: node.crash, target: ${target}}
duration: 6s
expect:
  - held.broken > 0
  - held.broken ~ oracle
`;

/** `client l7` of every flow that broke, in the order of their numbers; and the kernel's release. */
async function brokenBy(target: string, seed: number): Promise<{ flows: string[]; kernel: string }> {
  const file = join(home.directory, `${target}-${seed}.yaml`);
  await writeFile(file, scenario(target, seed));
  const { exitCode, document } = await judged(home, file);
  const [run] = document.scenarios;
  expect(run?.reasons).toEqual([]);
  expect(exitCode).toBe(0);
  const flows = [...(run?.brokenFlows ?? [])]
    .sort((a, b) => a.flow - b.flow)
    .map(({ client, l7 }) => `${client} ${l7}`);
  return { flows, kernel: run?.kernel ?? '' };
}

test('the same seed breaks the same connections on every boot, another seed others', {
  timeout: 600_000,
}, async () => {
  const { flows: first } = await brokenBy('l7-2', 42);
  const { flows: second } = await brokenBy('l7-2', 42);
  const { flows: other } = await brokenBy('l7-2', 43);
  expect(first.length).toBeGreaterThan(15);
  expect(second).toEqual(first);
  expect(other.filter((flow) => first.includes(flow))).toEqual([]);
});

test('the same seed sends the same connections over the same routers and balancers (needs Linux 6.11)', {
  timeout: 600_000,
}, async (context) => {
  const { flows, kernel } = await brokenBy('l4-1', 42);
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  context.skip(
    major * 1000 + minor < 6011,
    `the hash of the guest's kernel ${kernel} has a key that each boot draws anew`,
  );
  expect(flows.length).toBeGreaterThan(25);
  expect((await brokenBy('l4-1', 42)).flows).toEqual(flows);
});
