import { expect, test } from 'vitest';
import { z } from 'zod';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { planOf } from './three-tier.ts';

/** Of the others, where they differ from the first: a node of each kind. */
const kept = [
  { topology: 'three-tier', isKept: () => true },
  { topology: 'dual-stack', isKept: (name: string) => ['client', 'r-1', 'l4-1', 'l7-1'].includes(name) },
];

for (const { topology, isKept } of kept) {
  const plan = await planOf(topology);
  const golden = new URL(`../../golden/render/${topology}/`, import.meta.url).pathname;
  for (const node of plan.nodes.filter(
    ({ kind, name }) => ['bird', 'ipvs', 'haproxy', 'client'].includes(kind) && isKept(name),
  )) {
    const kind = kinds[node.kind];
    const paths = {
      files: `/files/${node.name}`,
      linked: `/run/tierlab/${node.name}/files`,
      run: `/run/${node.name}`,
      programs: '/programs',
      node: '/node',
    };

    test(`the files of ${node.name} of ${topology} are as kept`, async () => {
      for (const [name, text] of Object.entries(kind?.render(node, plan, paths) ?? {}))
        await expect(text).toMatchFileSnapshot(`${golden}${node.name}/${name}`);
    });

    test(`what ${node.name} of ${topology} is told beside its files is as kept`, async () => {
      const told = {
        sysctls: kind?.sysctls(node, plan),
        ipBatch: kind?.ipBatch(node, plan),
        daemons: kind?.daemons(node, plan, paths),
      };
      await expect(`${JSON.stringify(told, null, 2)}\n`).toMatchFileSnapshot(
        `${golden}${node.name}/node.json`,
      );
    });
  }
}

test('every kind is listed under its own name', () => {
  for (const [name, { traits }] of Object.entries(kinds)) expect(traits.name).toBe(name);
  expect(Object.keys(kindTable).sort()).toEqual(['bird', 'client', 'haproxy', 'ipvs', 'switch', 'web']);
});

test('the keys of every kind have descriptions and defaults that editors can show', () => {
  for (const { options } of Object.values(kindTable)) {
    const schema = z.toJSONSchema(options, { io: 'input' });
    for (const [key, value] of Object.entries(schema.properties ?? {}))
      expect(value, key).toMatchObject({ description: expect.any(String), default: expect.anything() });
  }
});

test('checked options pass the check again', () => {
  for (const { options } of Object.values(kindTable)) {
    const once = options.parse({});
    expect(options.parse(once)).toEqual(once);
  }
});

test('a duration without a unit, and one out of range, are refused', () => {
  const refusal = (value: unknown) =>
    kindTable.ipvs?.options.safeParse({ bfd_interval: value }).error?.issues[0]?.message;
  expect(refusal('100')).toBe('expected a duration such as 10ms');
  expect(refusal('1ms')).toBe('expected 10ms to 10s');
  expect(refusal('50ms')).toBeUndefined();
});
