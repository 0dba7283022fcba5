import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { Act } from './act.ts';
import { actsOf, type Holds } from './acts.ts';
import { nodeIn, type State } from './state.ts';

/** Something that happens, and the lab around it. A rolling action has many. */
export interface Turn extends Omit<Act, 'change' | 'begins' | 'takesMs' | 'returnsMs'> {
  /** Kind of the targets. */
  readonly kind: string;
  /** When it begins, and when it is over on a slow machine; ms into the timeline. */
  readonly beginsMs: number;
  readonly overMs: number;
  /** Until what it takes away is put back, or the run ends. */
  readonly outageMs: number;
  /** From when it is over until the run ends. */
  readonly remainingMs: number;
  readonly before: State;
  readonly after: State;
}

/**
 * What happens, each with the state of the lab around it: the state after one is the one before the next.
 * @param plans what the lab is, one after another: another one after each `scale`
 * @param first when all is well
 */
export function turnsOf(
  { timeline, durationMs }: Pick<Scenario, 'timeline' | 'durationMs'>,
  plans: readonly Plan[],
  first: State,
  holds: Holds,
): readonly Turn[] {
  let state = first;
  let nowMs = 0;
  return actsOf(timeline, plans, holds).map(({ change, begins, takesMs, returnsMs, ...act }): Turn => {
    const before = state;
    state = change(before);
    const beginsMs = Math.max(act.atMs, nowMs);
    nowMs = beginsMs + takesMs;
    const end = timeline.find((other) => 'of' in other && other.of === begins);
    return {
      ...act,
      kind: (nodeIn(before.plan, act.targets[0]) ?? nodeIn(state.plan, act.targets[0]))?.kind ?? '',
      beginsMs,
      overMs: nowMs,
      outageMs: returnsMs ?? Math.max(0, (end?.atMs ?? durationMs) - beginsMs),
      remainingMs: Math.max(0, durationMs - nowMs),
      before,
      after: state,
    };
  });
}
