import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { scenarioJsonSchema } from '../../../src/scenario/index.ts';
import { parseDocument, topologyJsonSchema } from '../../../src/topology/index.ts';
import { expectGolden } from '../topology/golden.ts';

const root = join(import.meta.dirname, '../../..');
const schemas = {
  topology: { schema: topologyJsonSchema(kindTable), example: 'topologies/three-tier.yaml' },
  scenario: { schema: scenarioJsonSchema(faultTable), example: 'labs/01-l4-crash/scenario.yaml' },
};

for (const [what, { schema, example }] of Object.entries(schemas)) {
  test(`the JSON Schema of a ${what} in docs is that of the code`, () => {
    expectGolden(join(root, `docs/schema/${what}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
  });

  test(`the JSON Schema of a ${what} accepts ${example} and refuses it with a key too many`, async () => {
    const { value } = parseDocument(await readFile(join(root, example), 'utf8'), example);
    const read = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
    expect(read.safeParse(value).error).toBeUndefined();
    expect(read.safeParse({ ...(value as object), surplus: 1 }).success).toBe(false);
  });

  test(`every key of a ${what} has a description for editors`, () => {
    const nameless = propertiesOf(schema, '').filter(({ described }) => !described);
    expect(nameless.map(({ path }) => path)).toEqual([]);
  });
}

function propertiesOf(schema: unknown, path: string): { path: string; described: boolean }[] {
  if (schema === null || typeof schema !== 'object') return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const below = propertiesOf(value, `${path}/${key}`);
    if (key !== 'properties' || value === null) return below;
    const own = Object.entries(value as Record<string, { description?: string; not?: object }>);
    return [
      ...own.map(([name, { description, not }]) => ({
        path: `${path}/${name}`,
        described: description !== undefined || not !== undefined,
      })),
      ...below,
    ];
  });
}
