import { expect, test } from 'vitest';
import { drawGraph, type GraphFormat, graphFormats } from '../../../src/graph/index.ts';
import type { Plan } from '../../../src/topology/types.ts';
import { planOf, threeTier } from '../kinds/three-tier.ts';

test.each(graphFormats)('%s shows every node with its addresses, and every network', async (format) => {
  const plan = await threeTier();
  const text = drawGraph(plan, format);
  for (const { name, interfaces } of plan.nodes) {
    expect(text).toContain(name);
    for (const { address } of interfaces) expect(text).toContain(address);
  }
  for (const { name, subnet } of plan.networks) {
    expect(text).toContain(name);
    expect(text).toContain(subnet);
  }
});

test('there is a line for every cable', async () => {
  const plan = await threeTier();
  const cables = plan.nodes.reduce((sum, { interfaces }) => sum + interfaces.length, 0);
  const lines: Readonly<Record<GraphFormat, RegExp>> = {
    mermaid: / --- /g,
    dot: / -- /g,
    d2: / -- /g,
    svg: /class="cable"/g,
  };
  for (const format of graphFormats)
    expect(drawGraph(plan, format).match(lines[format]), format).toHaveLength(cables);
});

test('tiers stand from left to right', async () => {
  const text = drawGraph(await threeTier(), 'svg');
  const left = (name: string): number =>
    Number(new RegExp(`class="name" x="([\\d.]+)" y="[\\d.]+">${name}<`).exec(text)?.[1]);
  const chain = ['client', 'edge', 'r-1', 'l4-1', 'l7-1', 'web-1'].map(left);
  expect(chain).toEqual([...chain].sort((a, b) => a - b));
  expect(new Set(chain).size).toBe(chain.length);
  expect(left('l4-1')).toBe(left('l4-2'));
});

test('route reflectors stand on their network, and no cable passes behind a node', async () => {
  const text = drawGraph(await planOf('reference-2018'), 'svg');
  const boxes = [
    ...text.matchAll(/class="node" x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"/g),
  ].map((found) => {
    const [x = 0, y = 0, width = 0, height = 0] = found.slice(1).map(Number);
    return { x, y, width, height };
  });
  expect(boxes).toHaveLength(36);
  // Straight from the node to the bar, or with a turn: what counts is the last stretch.
  const cables = [...text.matchAll(/d="M([\d.]+) ([\d.]+)(?:H([\d.]+)V([\d.]+))?H([\d.]+)"/g)];
  expect(cables).toHaveLength(52);
  const behind = cables.flatMap(([, from, start, turn = from, pass = start, bar]) => {
    const [left = 0, right = 0] = [Number(turn), Number(bar)].sort((a, b) => a - b);
    return boxes.filter(
      ({ x, y, width, height }) =>
        x > left && x + width < right && Number(pass) >= y && Number(pass) <= y + height,
    );
  });
  expect(behind).toEqual([]);
  const left = (name: string): string | undefined =>
    new RegExp(`class="name" x="([\\d.]+)" y="[\\d.]+">${name}<`).exec(text)?.[1];
  expect(left('rr-1')).toBe(left('l4-1'));
});

/** A lab's plan is a file that anybody may have written: its names are not to be trusted to be names. */
test.each(graphFormats)('%s escapes what could end a text or begin markup', async (format) => {
  const plan = await threeTier();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: D2 reads it as a substitution.
  const hostile = '"]; end <script>alert(1)</script> \\" ${x} #';
  const [first, ...others] = plan.nodes;
  if (first === undefined) throw new Error('no nodes');
  const evil: Plan = { ...plan, name: hostile, nodes: [{ ...first, name: hostile }, ...others] };
  const text = drawGraph(evil, format);
  const lines = text.split('\n');
  expect(lines).toHaveLength(drawGraph(plan, format).split('\n').length);
  if (format === 'svg' || format === 'mermaid') expect(text).not.toContain('<script');
  if (format === 'mermaid') expect(text).not.toContain('"]; end');
  if (format === 'dot' || format === 'd2')
    for (const line of lines) expect(line.replaceAll(/\\./g, '').match(/"/g)?.length ?? 0).toSatisfy(isEven);
  if (format === 'd2') expect(text.replaceAll('\\$', '')).not.toContain('${');
});

const isEven = (count: number): boolean => count % 2 === 0;
