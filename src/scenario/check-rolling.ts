import { suggest } from '../base/suggest.ts';
import { nodeNames, type Plan, validate } from '../topology/index.ts';
import type { Check } from './check.ts';
import { refuseFault } from './check-fault.ts';
import { checkTarget, drainTraits } from './check-target.ts';
import { asMap, type RollingItem, type WrittenStep } from './rolling.ts';

/** The tier is there, and each of its nodes can have each step. */
export function checkRolling(
  check: Pick<Check, 'topology' | 'problem' | 'kinds' | 'faults'>,
  path: readonly PropertyKey[],
  { tier, do: steps, max_unavailable: most }: RollingItem,
  plan: Plan,
): void {
  const { topology, problem } = check;
  const group = topology.nodes.find(({ name }) => name === tier);
  if (group === undefined) {
    const owner = topology.nodes.find((each) => nodeNames(each).includes(tier));
    const groups = topology.nodes.map(({ name }) => name);
    const hint =
      owner === undefined ? suggest(tier, groups, 'known groups') : `it is a node of "${owner.name}"`;
    problem([...path, 'tier'], `unknown group "${tier}"`, hint);
    return;
  }
  if (most > group.count) {
    problem([...path, 'max_unavailable'], `"${tier}" has ${group.count} nodes, not ${most}`);
  }
  for (const [i, step] of steps.entries()) checkStep(check, [...path, 'do', i], step, tier, plan);
  checkDrains(check, [...path, 'do'], steps);
}

function checkStep(
  check: Pick<Check, 'topology' | 'problem' | 'kinds' | 'faults'>,
  path: readonly PropertyKey[],
  step: WrittenStep,
  tier: string,
  plan: Plan,
): void {
  const { fault, ...written } = asMap(step);
  const traits = check.faults[fault];
  if (traits === undefined) {
    checkTarget(check, path, drainTraits(check), tier);
    return;
  }
  checkTarget(check, path, traits, tier);
  const file = '';
  const { value, problems } = validate({ file, value: written, locate: () => ({ file }) }, traits.options);
  for (const { message, hint } of problems) check.problem(path, `${fault}: ${message}`, hint);
  const refusal = value === undefined ? undefined : refuseFault(traits, tier, value, plan);
  if (refusal !== undefined) check.problem(path, `${fault}: ${refusal.message}`, refusal.hint);
}

/** Drained and put back by turns, and put back in the end. */
function checkDrains(
  { problem }: Pick<Check, 'problem'>,
  path: readonly PropertyKey[],
  steps: readonly WrittenStep[],
): void {
  let drained = false;
  for (const [i, step] of steps.entries()) {
    if (step !== 'drain' && step !== 'undrain') continue;
    if (drained && step === 'drain') problem([...path, i], 'the node is drained already');
    if (!drained && step === 'undrain') problem([...path, i], 'the node is not drained before this step');
    drained = step === 'drain';
  }
  if (drained) problem(path, 'every node would stay drained', 'undrain is the step that puts it back');
}
