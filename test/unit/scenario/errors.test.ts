import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { loadScenario } from '../../../src/scenario/index.ts';
import { loadTopology } from '../../../src/topology/index.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';
import { expectGolden } from '../topology/golden.ts';

/** `topology-*.yaml` and `scenario-*.yaml`, each with the whole message beside it. UPDATE_GOLDEN=1 writes the messages anew. */
const folder = join(import.meta.dirname, '../../golden/errors');
const cases = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test('there are at least 45 cases of bad input', () => {
  expect(cases.length).toBeGreaterThanOrEqual(45);
});

for (const name of cases) {
  test(`${name.replace('.yaml', '').replaceAll('-', ' ')} is refused with a message that a newcomer understands`, async () => {
    const message = (await refusal(join(folder, name))).replaceAll(`${folder}/`, '');
    expect(message).not.toMatch(
      /invalid (input|option|key)|expected [^,]*, received|undefined|\[object|NaN|\.ts:\d/i,
    );
    expectGolden(join(folder, name.replace(/\.yaml$/, '.txt')), `${message}\n`);
  });
}

async function refusal(file: string): Promise<string> {
  const work = file.includes('/scenario-')
    ? loadScenario(file, { faults: faultTable, kinds: kindTable, checkExpectation })
    : loadTopology(file, kindTable);
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof InputError))
    throw new Error(`${file} was not refused as bad input`, { cause: error });
  return error.message;
}
