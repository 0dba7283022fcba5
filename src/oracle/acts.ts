/** The timeline taken apart into what happens one after another. */
import type { TimelineEntry, TimelineRolling, TimelineScale } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import { type Act, drainAct, faultActs } from './act.ts';
import { isForwarding, namesOf, nodeIn } from './state.ts';

/** Do connections end on one of these nodes, for as long as they like? Then it is never done draining. */
export type Holds = (names: readonly string[]) => boolean;

/**
 * @param plans what the lab is, one after another: another one after each `scale`
 * @returns the acts of each entry
 */
export function actsOf(
  timeline: readonly TimelineEntry[],
  plans: readonly Plan[],
  holds: Holds,
): readonly (readonly Act[])[] {
  let [plan, ...later] = plans;
  return timeline.map((entry): readonly Act[] => {
    if (plan === undefined) throw new Error('a lab has a plan');
    if (entry.action === 'rolling') return rollingActs(entry, plan, holds);
    if (entry.action === 'scale') {
      const [next = plan, ...rest] = later;
      later = rest;
      const act = scaleAct(entry, plan, next, holds);
      if (act.stuck !== true) plan = next;
      return [act];
    }
    const start = 'of' in entry ? timeline.find(({ name }) => name === entry.of) : entry;
    if (start?.action !== 'drain' && start?.action !== 'inject') return [];
    const when = { name: entry.name, atMs: entry.atMs, targets: namesOf(plan, start.target) };
    const undoes = 'of' in entry;
    return start.action === 'drain'
      ? [drainAct(when, start.name, undoes)]
      : faultActs(when, start.name, start, undoes, plan);
  });
}

/** Nodes that go are drained first; where that does not come to its end, they stay. */
function scaleAct({ name, atMs, by }: TimelineScale, plan: Plan, next: Plan, holds: Holds): Act {
  const [larger, smaller] = by > 0 ? [next, plan] : [plan, next];
  const others = larger.nodes.filter((node) => nodeIn(smaller, node.name) === undefined);
  const targets = others.map((node) => node.name);
  const stuck = by < 0 && isStuck(plan, targets, holds);
  return {
    name,
    atMs,
    targets,
    action: by > 0 ? 'join' : 'leave',
    fault: 'scale',
    takesMs: scaleMs,
    restores: by > 0,
    known: true,
    forgetful: [],
    ...(stuck ? { stuck } : {}),
    change: (state) => (stuck ? state : { ...state, plan: next }),
  };
}

/** A lab of a dozen nodes takes 3 s for it when nothing else is under way. */
const scaleMs = 5000;

/** As many nodes at a time as may be, and the same steps for each. It ends where one cannot be drained. */
function rollingActs(
  { name, atMs, target, steps, maxUnavailable, pauseMs }: TimelineRolling,
  plan: Plan,
  holds: Holds,
): readonly Act[] {
  const nodes = namesOf(plan, target);
  const acts: Act[] = [];
  for (let first = 0; first < nodes.length; first += maxUnavailable) {
    const targets = nodes.slice(first, first + maxUnavailable);
    const turn = `${name}-${targets.join('-')}`;
    const stuck = isStuck(plan, targets, holds);
    for (const step of steps) {
      const what = step.action === 'inject' ? step.fault : step.action;
      const when = { name: `${turn}-${what}`, atMs, targets };
      if (step.action === 'inject') acts.push(...faultActs(when, when.name, step, false, plan));
      else acts.push(drainAct(when, turn, step.action === 'undrain'));
      const last = acts.pop();
      if (last === undefined) continue;
      if (step.action === 'drain' && stuck) return [...acts, { ...last, stuck }];
      acts.push(step === steps.at(-1) ? { ...last, takesMs: last.takesMs + pauseMs } : last);
    }
  }
  return acts;
}

const isStuck = (plan: Plan, targets: readonly string[], holds: Holds): boolean =>
  !isForwarding(plan, targets) && holds(targets);
