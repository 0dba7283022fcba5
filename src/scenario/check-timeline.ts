import { suggest } from '../base/suggest.ts';
import { formatDuration } from '../base/units.ts';
import { type Plan, topologyOfPlan } from '../topology/index.ts';
import { type Check, entryName, entryNames } from './check.ts';
import { refuseFault } from './check-fault.ts';
import { checkRolling } from './check-rolling.ts';
import { checkTarget, drainTraits } from './check-target.ts';
import { membershipOf } from './membership.ts';
import type { TimelineItem } from './schema.ts';

/** An entry of a timeline, and where it stands in the file. */
export interface PlacedItem {
  readonly item: TimelineItem;
  readonly path: readonly PropertyKey[];
}

/** What a timeline belongs to, and how long that goes on (ms). */
interface Span {
  readonly of: 'run' | 'control';
  readonly duration: number;
}

/** Everything on a timeline is within the run, hits something that is there and can be hit, and heals what broke before. */
export function checkTimeline(
  check: Check,
  entries: readonly PlacedItem[],
  { of, duration }: Span = { of: 'run', duration: check.written.duration },
): void {
  const { problem } = check;
  const names = new Set<string>();
  const members = membershipOf(
    check.topology,
    entries.map(({ item }) => item),
    check.kinds,
  );
  for (const { entry, key, message, hint } of members.refused)
    problem([...(entries[entry]?.path ?? []), key], message, hint);
  for (const [i, { item, path }] of entries.entries()) {
    if (item.at > duration) {
      problem(
        [...path, 'at'],
        `${formatDuration(item.at)} is after the end of the ${of}: duration is ${formatDuration(duration)}`,
      );
    }
    const own = entryNames(item, check.topology);
    const taken = own.find((name) => names.has(name));
    if (taken !== undefined) {
      const hint = item.name === undefined ? 'give each a name' : undefined;
      problem([...path, 'name'], `the name "${taken}" is taken by another entry of the timeline`, hint);
    }
    for (const name of own) names.add(name);
    const plan = members.before[i];
    if (plan !== undefined)
      checkItem({ ...check, topology: topologyOfPlan(plan, check.kinds) }, item, path, plan);
  }
  checkUndoing(check, entries, 'heal');
  checkUndoing(check, entries, 'undrain');
}

function checkItem(check: Check, item: TimelineItem, path: readonly PropertyKey[], plan: Plan): void {
  if (item.fault === undefined) {
    if (item.action === 'drain') checkTarget(check, [...path, 'target'], drainTraits(check), item.target);
    if (item.action === 'rolling') checkRolling(check, path, item, plan);
    return;
  }
  const traits = check.faults[item.fault];
  if (traits === undefined) return;
  checkTarget(check, [...path, 'target'], traits, item.target);
  const { at: _, name: __, fault: ___, target, ...options } = item;
  const refusal = refuseFault(traits, target, options, plan);
  if (refusal !== undefined) check.problem([...path, refusal.key], refusal.message, refusal.hint);
}

/** What a heal or an undrain undoes is there, happened before, and is undone once. */
function checkUndoing({ problem }: Check, entries: readonly PlacedItem[], action: 'heal' | 'undrain'): void {
  const [what, done] = action === 'heal' ? ['fault', 'healed'] : ['drain', 'undrained'];
  const timeline = entries.map(({ item }) => item);
  const causes = timeline.filter((item) =>
    action === 'heal' ? item.fault !== undefined : item.fault === undefined && item.action === 'drain',
  );
  const undone = new Set<string>();
  for (const { item, path: whole } of entries) {
    if (item.fault !== undefined || item.action !== action) continue;
    const path = [...whole, 'of'];
    const cause = causes.find((other) => entryName(other) === item.of);
    if (cause === undefined) {
      const known = causes.map(entryName);
      problem(
        path,
        `there is no ${what} "${item.of}" to ${action}`,
        suggest(item.of, known, `${what}s of this timeline`),
      );
    } else if (cause.at > item.at) {
      problem(
        path,
        `"${item.of}" is ${done} at ${formatDuration(item.at)}, before it happens at ${formatDuration(cause.at)}`,
      );
    } else if (undone.has(item.of)) problem(path, `"${item.of}" is ${done} twice`);
    undone.add(item.of);
  }
}
