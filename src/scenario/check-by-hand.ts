import { type Diagnostic, InputError } from '../base/errors.ts';
import { type Plan, scalePlan, topologyOfPlan, validate } from '../topology/index.ts';
import type { Check, ScenarioSurroundings } from './check.ts';
import { refuseFault } from './check-fault.ts';
import { checkRolling } from './check-rolling.ts';
import { checkTarget, drainTraits } from './check-target.ts';
import { type RollingItem, rollingSteps } from './rolling.ts';
import { type TimelineItem, timelineEntry } from './schema.ts';
import type { RollingStep } from './types.ts';
import { timelineWording } from './wording.ts';

/** A fault or a drain as typed on the command line: the keys of a timeline's entry, without a time. */
type HandEntry =
  | ({ readonly fault: string; readonly target: string } & Readonly<Record<string, unknown>>)
  | { readonly action: 'drain'; readonly target: string; readonly within: string };

/** A rolling action as typed: its keys as written in a file. */
type HandRolling = Pick<RollingItem, 'tier' | 'do' | 'max_unavailable'> & {
  readonly pause: string;
  readonly within: string;
};

/**
 * Holds what is to be done to a running lab against the same schema and checks as an entry of a timeline.
 * @returns the fault's own keys, with defaults filled in
 * @throws InputError with every problem
 */
export function checkByHand(
  entry: HandEntry,
  plan: Plan,
  surroundings: Surroundings,
): Readonly<Record<string, unknown>> {
  const { at: _, name: __, fault, ...value } = read(entry, surroundings);
  return checked(plan, surroundings, (check) => {
    const { action: ___, target, ...options } = value as Record<string, unknown>;
    const written = typeof fault === 'string' ? surroundings.faults[fault] : undefined;
    const traits = typeof fault === 'string' ? written : drainTraits(surroundings);
    if (traits !== undefined) checkTarget(check, ['target'], traits, String(target));
    const refusal = written === undefined ? undefined : refuseFault(written, String(target), options, plan);
    if (refusal !== undefined) check.problem([refusal.key], refusal.message, refusal.hint);
    return options;
  });
}

/** The same for a rolling action. @returns its steps, with all keys of their faults */
export function checkRollingByHand(
  entry: HandRolling,
  plan: Plan,
  surroundings: Surroundings,
): readonly RollingStep[] {
  const item = read({ ...entry, action: 'rolling' }, surroundings);
  return checked(plan, surroundings, (check) => {
    if (item.fault !== undefined || item.action !== 'rolling') throw new Error('a rolling action is one');
    checkRolling(check, [], item, plan);
    return check.problems.length > 0 ? [] : rollingSteps(item.do, surroundings.faults);
  });
}

/** The same for a change of a tier. @returns the plan that comes of it */
export function checkScaleByHand(
  entry: { readonly tier: string; readonly by: number; readonly within: string },
  plan: Plan,
  surroundings: Surroundings,
): Plan {
  read({ ...entry, action: 'scale' }, surroundings);
  return checked(plan, surroundings, (check) => {
    const after = scalePlan(plan, entry.tier, entry.by, surroundings.kinds);
    if (!('refusal' in after)) return after;
    check.problem([after.refusal.key], after.refusal.message, after.refusal.hint);
    return plan;
  });
}

type Surroundings = Pick<ScenarioSurroundings, 'faults' | 'kinds'>;

const file = 'command line:';

function read(entry: Readonly<Record<string, unknown>>, { faults }: Surroundings): TimelineItem {
  const document = { file, value: { ...entry, at: '0s' }, locate: () => ({ file }) };
  const { value, problems } = validate(document, timelineEntry(faults), timelineWording);
  if (value === undefined) throw new InputError(problems);
  return value as TimelineItem;
}

/** @throws InputError with the problems that the checks noted */
function checked<T>(
  plan: Plan,
  surroundings: Surroundings,
  check: (
    with_: Pick<Check, 'topology' | 'problem' | 'kinds' | 'faults'> & { problems: readonly Diagnostic[] },
  ) => T,
): T {
  const problems: Diagnostic[] = [];
  const result = check({
    ...surroundings,
    topology: topologyOfPlan(plan, surroundings.kinds),
    problems,
    problem: (_path, message, hint) => {
      problems.push({ file, message, ...(hint === undefined ? {} : { hint }) });
    },
  });
  if (problems.length > 0) throw new InputError(problems);
  return result;
}
