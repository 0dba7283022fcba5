import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { Act } from './act.ts';
import { actsOf, type Holds } from './acts.ts';
import { nodeIn, type State } from './state.ts';

/** Something that happens, and the lab around it. A rolling action has many. */
export interface Turn extends Omit<Act, 'change' | 'begins' | 'ends' | 'takesMs'> {
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
  const entries = timed(actsOf(timeline, plans, holds));
  const acts = entries.flat();
  const [last] = entries.at(-1) ?? [];
  // What follows the last entry has its full time, however late that one begins.
  const lateMs = last === undefined ? 0 : last.beginsMs - last.atMs;
  const endMs = Math.max(durationMs + lateMs, ...acts.map(({ beginsMs, takesMs }) => beginsMs + takesMs));
  let state = first;
  return acts.map(({ change, begins, ends: _, takesMs, ...act }, i): Turn => {
    const before = state;
    state = change(before);
    const overMs = act.beginsMs + takesMs;
    const end = acts.slice(i + 1).find(({ ends }) => ends !== undefined && ends === begins);
    return {
      ...act,
      kind: (nodeIn(before.plan, act.targets[0]) ?? nodeIn(state.plan, act.targets[0]))?.kind ?? '',
      overMs,
      outageMs: Math.max(0, (end?.beginsMs ?? endMs) - act.beginsMs),
      remainingMs: Math.max(0, endMs - overMs),
      before,
      after: state,
    };
  });
}

/** What falls together follows one another. */
function timed(entries: readonly (readonly Act[])[]): readonly (readonly (Act & { beginsMs: number })[])[] {
  let nowMs = 0;
  return entries.map((acts) =>
    acts.map((act) => {
      const beginsMs = Math.max(act.atMs, nowMs);
      nowMs = beginsMs + act.takesMs;
      return { ...act, beginsMs };
    }),
  );
}
