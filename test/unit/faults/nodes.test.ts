import { expect, test } from 'vitest';
import { resolveTarget } from '../../../src/faults/nodes.ts';
import { threeTier } from '../kinds/three-tier.ts';

test('a target means a node, a group, or their cables into a network', async () => {
  const plan = await threeTier();
  const meant = (target: string, among?: readonly string[]): string[] =>
    resolveTarget(plan, target, among).map(({ node, network = '' }) => `${node.name}:${network}`);
  expect(meant('l4-2')).toEqual(['l4-2:']);
  expect(meant('l4:fabric')).toEqual(['l4-1:fabric', 'l4-2:fabric']);
  expect(meant('nobody')).toEqual([]);
  // A group that was hit has grown since.
  expect(meant('l7', ['l7-1', 'l7-2'])).toEqual(['l7-1:', 'l7-2:']);
  expect(meant('l7', [])).toEqual([]);
});
