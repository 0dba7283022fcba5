import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import { seeded } from '../../../src/base/random.ts';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { loadScenario } from '../../../src/scenario/index.ts';
import { describePlan, loadTopology, planTopology } from '../../../src/topology/index.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';

const root = join(import.meta.dirname, '../../..');
const rounds = 100;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierlab-damage-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Strings that files are damaged with: YAML's own marks, wrong types, and things that break careless programs. */
const debris = [
  '',
  ' ',
  '\n',
  '\t',
  ':',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '<<: ',
  '!!x ',
  '#',
  '"',
  "'",
  '0',
  '-1',
  '1e9',
  'null',
  'true',
  '.inf',
  '.nan',
  '__proto__',
  'constructor: ',
  '🐙',
  '\u0007',
];

/** Some characters taken out and debris put in, in one to three places. */
function damage(text: string, seed: number): string {
  const random = seeded(seed, 'damage');
  let damaged = text;
  for (let i = random.integer(3); i >= 0; i--) {
    const at = random.integer(damaged.length);
    damaged =
      damaged.slice(0, at) +
      (debris[random.integer(debris.length)] ?? '') +
      damaged.slice(at + random.integer(8));
  }
  return damaged;
}

async function refusals(text: string, load: (file: string) => Promise<void>): Promise<number> {
  let refused = 0;
  const file = join(folder, 'damaged.yaml');
  for (let seed = 0; seed < rounds; seed++) {
    const damaged = damage(text, seed);
    await writeFile(file, damaged);
    const error: unknown = await load(file).catch((thrown: unknown) => thrown);
    if (error === undefined) continue;
    if (!(error instanceof InputError)) throw new Error(`seed ${seed}:\n${damaged}`, { cause: error });
    expect(error.diagnostics.length).toBeGreaterThan(0);
    refused++;
  }
  return refused;
}

test('a damaged topology is refused as bad input, or can be planned', async () => {
  const text = await readFile(join(root, 'topologies/three-tier.yaml'), 'utf8');
  const bare = text.replaceAll(/^ *#.*\n/gm, '');
  const refused = await refusals(bare, async (file) => {
    describePlan(planTopology(await loadTopology(file, kindTable), kindTable), kindTable);
  });
  expect(refused).toBeGreaterThan(rounds / 2);
});

test('a damaged scenario is refused as bad input, or loads', async () => {
  const text = await readFile(join(root, 'labs/01-l4-crash/scenario.yaml'), 'utf8');
  const bare = text.replaceAll(/^ *#.*\n/gm, '').replace('../../topologies', `${root}/topologies`);
  const refused = await refusals(bare, async (file) => {
    await loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation });
  });
  expect(refused).toBeGreaterThan(rounds / 2);
});
