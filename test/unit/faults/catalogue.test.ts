import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { faults, faultTable, modulesOf } from '../../../src/faults/index.ts';
import type { Kind } from '../../../src/kinds/contract.ts';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { loadTopology, planTopology } from '../../../src/topology/index.ts';

const root = join(import.meta.dirname, '../../..');
const traits = Object.values(faultTable);

test('every fault that belongs to some kinds belongs to all those that can have it, and to no others', () => {
  const able = (can: (kind: Kind) => boolean): string[] =>
    Object.values(kinds)
      .filter(can)
      .map((kind) => kind.traits.name)
      .sort();
  const expected: Readonly<Record<string, string[]>> = {
    'bgp.reset': able(({ routing }) => routing !== undefined),
    'bfd.off': able(({ routing }) => routing !== undefined),
    'router.nexthop': able(({ nextHops }) => nextHops !== undefined),
    'l4.weight': able(({ balancing }) => balancing !== undefined),
    'l4.order': able(({ balancing }) => balancing !== undefined),
    'l4.flush': able(({ balancing }) => balancing !== undefined),
    'l7.reload': able(({ proxying }) => proxying !== undefined),
    'l7.restart': able(({ proxying }) => proxying !== undefined),
    'l7.backend': able(({ proxying }) => proxying !== undefined),
    'backend.slow': able(({ shared }) => shared?.behave !== undefined),
    'backend.hang': able(({ shared }) => shared?.behave !== undefined),
  };
  for (const [name, kindsOfFault] of Object.entries(expected))
    expect([name, [...(faultTable[name]?.kinds ?? [])].sort()]).toEqual([name, kindsOfFault]);
});

test.each(['three-tier', 'two-tier'])(
  'daemons of %s can be killed on the nodes that run them, and on no others',
  async (name) => {
    const plan = planTopology(
      await loadTopology(join(root, `topologies/${name}.yaml`), kindTable),
      kindTable,
    );
    const kill = faultTable['daemon.kill'];
    const paths = { files: '/f', linked: '/l', run: '/r', programs: '/p', node: '/n' };
    for (const node of plan.nodes) {
      const own = kinds[node.kind]?.daemons(node, plan, paths).map(({ name }) => name) ?? [];
      expect(kill?.kinds?.includes(node.kind)).toBe(own.length > 0);
      for (const daemon of ['bird', 'keepalived', 'haproxy', 'announcer']) {
        const refusal = kill?.refuse?.(node, { daemon }, plan);
        expect([node.name, daemon, refusal === undefined]).toEqual([node.name, daemon, own.includes(daemon)]);
      }
    }
  },
);

test('a timeline asks for the modules of its faults, and for none without them', () => {
  const entry = { action: 'inject' as const, atMs: 0, name: 'x', target: 'l4-1', options: {} };
  expect(
    modulesOf([
      { ...entry, fault: 'link.netem' },
      { ...entry, fault: 'node.crash' },
    ]),
  ).toEqual(['sch_netem']);
  expect(
    modulesOf([
      { ...entry, fault: 'link.blackhole' },
      { ...entry, fault: 'net.partition' },
    ]),
  ).toEqual(['sch_ingress', 'cls_matchall', 'cls_flower', 'act_gact']);
  expect(modulesOf([{ action: 'heal', atMs: 0, name: 'x', of: 'y' }])).toEqual([]);
});

test('units come out as numbers, and what is not written has its default', () => {
  const parse = (name: string, written: unknown): unknown => faults[name]?.traits.options.parse(written);
  expect(parse('link.netem', { delay: '20ms', loss: '0.5%', rate: '1.5Mbit/s' })).toEqual({
    direction: 'both',
    delay: 20,
    loss: 0.005,
    rate: 1_500_000,
  });
  expect(parse('link.flap', {})).toEqual({ times: 3, period: 2000 });
  expect(parse('net.partition', { from: 'l7' })).toEqual({ from: ['l7'] });
  expect(parse('backend.errors', {})).toEqual({ rate: 1, status: 500, checks: false });
});

test('docs/faults.md lists every fault with its keys', async () => {
  const text = [
    '# Faults',
    '',
    '<!-- Written by a test from the catalogue itself: UPDATE_GOLDEN=1 npm run test:unit -->',
    '',
    'What a timeline can do to a lab, and `tierlab fault add FAULT TARGET key=value…` to one that is running. A target is a node',
    '(`l4-1`), a group (`l4`: all its nodes) or, for faults of a cable, `node:network` (`l4-1:fabric`).',
    '',
    'Every fault is looked for after it was injected and after it was healed. One that did not land makes the verdict `unknown`.',
    '',
    '| fault | hits | what happens | keys |',
    '|---|---|---|---|',
    ...traits.map(
      ({ name, target, kinds: of, summary, options }) =>
        `| \`${name}\` | ${target === 'link' ? 'a cable' : (of?.join(', ') ?? 'any node')} | ${summary} | ${keysOf(options)} |`,
    ),
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(root, 'docs/faults.md'));
});

function keysOf(options: z.ZodObject): string {
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([key, property]) => {
      const {
        description = '',
        default: value,
        enum: choices,
      } = property as {
        description?: string;
        default?: unknown;
        enum?: string[];
      };
      const notes = [
        ...(choices === undefined ? [] : [choices.join(', ')]),
        ...(value === undefined ? [] : [`default ${String(value)}`]),
        ...(required.has(key) ? ['required'] : []),
      ];
      return `\`${key}\`${notes.length === 0 ? '' : ` (${notes.join('; ')})`}: ${description}`;
    })
    .join('<br>');
}
