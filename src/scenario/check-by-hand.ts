import { InputError } from '../base/errors.ts';
import { type Plan, type Topology, validate } from '../topology/index.ts';
import type { ScenarioSurroundings } from './check.ts';
import { refuseFault } from './check-fault.ts';
import { checkTarget, drainTraits } from './check-timeline.ts';
import { timelineEntry } from './schema.ts';
import { timelineWording } from './wording.ts';

/** A fault or a drain as typed on the command line: the keys of a timeline's entry, without a time. */
type HandEntry =
  | ({ readonly fault: string; readonly target: string } & Readonly<Record<string, unknown>>)
  | { readonly action: 'drain'; readonly target: string; readonly within: string };

/**
 * Holds what is to be done to a running lab against the same schema and checks as an entry of a timeline.
 * @returns the fault's own keys, with defaults filled in
 * @throws InputError with every problem
 */
export function checkByHand(
  entry: HandEntry,
  plan: Plan,
  { faults, kinds }: Pick<ScenarioSurroundings, 'faults' | 'kinds'>,
): Readonly<Record<string, unknown>> {
  const file = 'command line:';
  const document = { file, value: { ...entry, at: '0s' }, locate: () => ({ file }) };
  const { value, problems } = validate(document, timelineEntry(faults), timelineWording);
  if (value === undefined) throw new InputError(problems);
  const further: { file: string; message: string; hint?: string }[] = [];
  const check = {
    topology: topologyOf(plan),
    problem: (_path: readonly PropertyKey[], message: string, hint?: string): void => {
      further.push({ file, message, ...(hint === undefined ? {} : { hint }) });
    },
  };
  const { at: _, fault, target, name: __, action: ___, ...options } = value as Record<string, unknown>;
  const traits = typeof fault === 'string' ? faults[fault] : drainTraits({ kinds });
  if (traits !== undefined) checkTarget(check, ['target'], traits, String(target));
  const written = typeof fault === 'string' ? faults[fault] : undefined;
  const refusal = written === undefined ? undefined : refuseFault(written, String(target), options, plan);
  if (refusal !== undefined) check.problem([refusal.key], refusal.message, refusal.hint);
  if (further.length > 0) throw new InputError(further);
  return options;
}

/** As much of a running lab's topology as targets are checked against: its file may have changed since. */
function topologyOf({ name, services, networks, nodes }: Plan): Topology {
  const groups = [...new Set(nodes.map(({ group }) => group))].map((group) => {
    const members = nodes.filter((node) => node.group === group);
    const [first] = members;
    return {
      name: group,
      kind: first?.kind ?? '',
      count: members.length,
      numbered: first?.name !== group,
      networks: first?.interfaces.map(({ network }) => network) ?? [],
      serves: [],
      options: first?.options ?? {},
    };
  });
  return { name, file: '', services, networks, nodes: groups };
}
