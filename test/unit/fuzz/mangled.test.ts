/** Whatever a file says, it is planned, or refused as bad input with the place of each problem: no crash, no hang. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { loadScenario } from '../../../src/scenario/index.ts';
import { describePlan, loadTopology, planTopology } from '../../../src/topology/index.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';
import { mangled } from './mangled.ts';
import { longest, trying } from './rounds.ts';
import { scenarios } from './scenarios.ts';
import { asText, topologies, type Written } from './topologies.ts';

vi.setConfig({ testTimeout: longest });

/** Milliseconds after which a file counts as one that makes us hang. */
const patience = 5000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a mangled topology is planned, or refused with the places of its problems', async () => {
  const seen = { planned: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(mangled(topologies), async (text) => {
      const file = join(folder, 'mangled.yaml');
      await writeFile(file, text);
      await refusedOrFine(text, seen, async () =>
        describePlan(planTopology(await loadTopology(file, kindTable), kindTable), kindTable),
      );
    }),
    trying(120),
  );
  expect(seen.refused).toBeGreaterThan(0);
});

test('a scenario that is right is read', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async ({ topology, scenario }) => {
      await write(topology, asText(scenario));
      const loaded = await read();
      expect(loaded.scenario.timeline).toHaveLength(scenario.timeline.length);
      expect(loaded.scenario.traffic.map(({ name }) => name)).toEqual(
        scenario.traffic.map(({ name }) => name),
      );
    }),
    trying(30),
  );
});

test('a mangled scenario is read, or refused with the places of its problems', async () => {
  const seen = { planned: 0, refused: 0 };
  const both = scenarios.chain(({ topology, scenario }) =>
    fc.record({ topology: fc.constant(topology), text: mangled(fc.constant(scenario)) }),
  );
  await fc.assert(
    fc.asyncProperty(both, async ({ topology, text }) => {
      await write(topology, text);
      await refusedOrFine(text, seen, read);
    }),
    trying(120),
  );
  expect(seen.refused).toBeGreaterThan(0);
});

async function write(topology: Written, scenario: string): Promise<void> {
  await writeFile(join(folder, 'topology.yaml'), asText(topology));
  await writeFile(join(folder, 'scenario.yaml'), scenario);
}

const read = () =>
  loadScenario(join(folder, 'scenario.yaml'), { faults: faultTable, kinds: kindTable, checkExpectation });

async function refusedOrFine(
  text: string,
  seen: { planned: number; refused: number },
  load: () => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  try {
    await load();
    seen.planned++;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    seen.refused++;
    expect(error.diagnostics.length).toBeGreaterThan(0);
    const lines = text.split(/\r\n|\r|\n/).length;
    for (const { line, column, message } of error.diagnostics) {
      expect(message).not.toMatch(/undefined|\[object|TypeError|Invalid input/);
      // The whole file may be wrong (empty, no text, a topology that cannot be found); whatever else is wrong has a place in it.
      if (line !== undefined) expect(line).toBeLessThanOrEqual(Math.max(lines, 200));
      if (column !== undefined) expect(column).toBeGreaterThan(0);
    }
    expect(error.message).not.toMatch(/\bat .*\.ts:\d+/);
  }
  expect(performance.now() - began).toBeLessThan(patience);
}
