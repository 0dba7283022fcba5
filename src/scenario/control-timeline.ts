import type { Diagnostic } from '../base/errors.ts';
import { validate } from '../topology/index.ts';
import { entryName } from './check.ts';
import type { PlacedItem } from './check-timeline.ts';
import { skipped } from './control.ts';
import { type ScenarioFile, type TimelineItem, timelineEntry } from './schema.ts';
import type { FaultTable } from './types.ts';
import { timelineWording } from './wording.ts';

type Problem = Pick<Diagnostic, 'message' | 'hint'>;

/**
 * The timeline of the control: without the entries that `skip` names and what would undo those, and with others where
 * `replace` says so, at the same times and of the same names.
 */
export function controlTimeline(
  { timeline, control }: ScenarioFile,
  faults: FaultTable,
): { entries: readonly PlacedItem[]; problems: readonly (Problem & Pick<PlacedItem, 'path'>)[] } {
  const skip = control?.skip ?? [];
  const replace = new Map(Object.entries(control?.replace ?? {}));
  const problems: (Problem & Pick<PlacedItem, 'path'>)[] = [];
  const entries = timeline.flatMap((item, i): PlacedItem[] => {
    const name = entryName(item);
    if (skipped(skip, name, 'of' in item ? item.of : undefined)) return [];
    if (!replace.has(name)) return [{ item, path: ['timeline', i] }];
    const path = ['control', 'replace', name];
    const read = readEntry(replace.get(name), item, faults);
    problems.push(...read.problems.map((problem) => ({ ...problem, path })));
    return read.item === undefined ? [] : [{ item: read.item, path }];
  });
  return { entries, problems };
}

function readEntry(
  value: unknown,
  replaced: TimelineItem,
  faults: FaultTable,
): { readonly item?: TimelineItem; readonly problems: readonly Problem[] } {
  const name = entryName(replaced);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { problems: [{ message: 'must be a map such as {fault: node.crash, target: l4-1}' }] };
  const own = ['at', 'name'].find((key) => Object.hasOwn(value, key));
  if (own !== undefined) {
    const message = `what stands instead of "${name}" has its time and its name`;
    return { problems: [{ message, hint: `leave ${own} out` }] };
  }
  const file = '';
  const document = { file, value: { ...value, at: '0s' }, locate: () => ({ file }) };
  const result = validate(document, timelineEntry(faults), timelineWording);
  const problems = result.problems.map(({ message, hint }) =>
    hint === undefined ? { message } : { message, hint },
  );
  if (result.value === undefined) return { problems };
  return { item: { ...result.value, at: replaced.at, name } as TimelineItem, problems };
}
