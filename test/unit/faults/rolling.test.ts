import { expect, test } from 'vitest';
import { faultTable, rolledNames } from '../../../src/faults/index.ts';
import { roll } from '../../../src/faults/timeline.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import type { LiveLab } from '../../../src/lab/index.ts';
import { loadScenario } from '../../../src/scenario/index.ts';
import type { RollingStep } from '../../../src/scenario/types.ts';
import type { PlannedNode } from '../../../src/topology/index.ts';
import { checkExpectation } from '../../../src/verdict/index.ts';
import { threeTier } from '../kinds/three-tier.ts';

const plan = await threeTier();
const proxies = plan.nodes.filter(({ group }) => group === 'l7');
const steps: readonly RollingStep[] = [
  { action: 'drain' },
  { action: 'inject', fault: 'node.restart', options: {} },
  { action: 'undrain' },
];
/** Nobody's lab: what is to be done is only written down here. */
const nowhere = undefined as unknown as LiveLab;

/** Rolls, and notes when each step began and ended; `fails` says which does not land. */
async function story(
  maxUnavailable: number,
  fails: (node: PlannedNode, step: RollingStep) => boolean = () => false,
): Promise<{ noted: string[]; landed: boolean; evidence: string }> {
  const noted: string[] = [];
  const result = await roll(nowhere, proxies, {
    steps,
    maxUnavailable,
    pauseMs: 1,
    withinMs: 1000,
    signal: new AbortController().signal,
    async take(node, step) {
      noted.push(`${node.name} ${step.action}`);
      await new Promise((resolve) => setImmediate(resolve));
      return { landed: !fails(node, step), evidence: 'seen' };
    },
  });
  return { noted, ...result };
}

test('one node after another has all steps in order', async () => {
  const { noted, landed } = await story(1);
  expect(landed).toBe(true);
  expect(noted).toEqual(
    ['l7-1', 'l7-2', 'l7-3'].flatMap((node) => [`${node} drain`, `${node} inject`, `${node} undrain`]),
  );
});

test('two at a time are through before the third begins', async () => {
  const { noted } = await story(2);
  expect(noted.slice(0, 2)).toEqual(['l7-1 drain', 'l7-2 drain']);
  expect(noted.slice(0, 6).some((step) => step.startsWith('l7-3'))).toBe(false);
  expect(noted.slice(6)).toEqual(['l7-3 drain', 'l7-3 inject', 'l7-3 undrain']);
});

test('it stops where a step does not land, and says who was not begun', async () => {
  const found = await story(1, ({ name }, { action }) => name === 'l7-2' && action === 'drain');
  expect(found.noted.at(-1)).toBe('l7-2 drain');
  expect(found).toMatchObject({ landed: false, evidence: 'l7-2: seen (not begun: l7-3)' });
});

test('a scenario may speak of every name under which a rolling action is on record', async () => {
  const known = new Set<string>();
  const file = new URL('../../../labs/07-drain/all-tiers.yaml', import.meta.url).pathname;
  const { scenario } = await loadScenario(file, {
    faults: faultTable,
    kinds: kindTable,
    checkExpectation: (expression, context) => {
      for (const name of context.faults) known.add(name);
      return checkExpectation(expression, context);
    },
  });
  const recorded = scenario.timeline.flatMap((entry) =>
    entry.action === 'rolling' ? rolledNames(entry, plan) : [],
  );
  expect(recorded.length).toBe(4 * 2 + 10 * 3);
  expect([...known]).toEqual(expect.arrayContaining(recorded));
});
