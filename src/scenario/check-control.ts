import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { suggest } from '../base/suggest.ts';
import { validate } from '../topology/index.ts';
import { type Check, entryName } from './check.ts';
import { checkTimeline } from './check-timeline.ts';
import { checkTraffic } from './check-traffic.ts';
import { readOption, skipped } from './control.ts';
import { controlTimeline } from './control-timeline.ts';

/**
 * The control differs from the run: every option that it sets is there, takes that value, and makes a difference. What it does must
 * be possible in its topology.
 * @param there the same check in the topology of the control
 */
export function checkControl(check: Check, there: Check): void {
  const { written, kinds, problem } = check;
  const { topology } = there;
  checkDifference(check, there);
  checkReplace(check, there);
  if (topology !== check.topology) checkTraffic(there);
  for (const [key, value] of Object.entries(written.control?.set ?? {})) {
    const path = ['control', 'set', key];
    const { group, option, schema, known } = readOption(topology, kinds, key);
    if (group === undefined) {
      const [name = ''] = key.split('.');
      const groups = topology.nodes.map((each) => each.name);
      const hint = key.includes('.')
        ? suggest(name, groups, 'known groups')
        : 'write group.option, such as l4.sloppy_tcp: false';
      problem(path, key.includes('.') ? `unknown group "${name}"` : `"${key}" names no option`, hint, 'key');
    } else if (schema === undefined) {
      problem(
        path,
        `unknown option "${option}" of "${group.name}", which is of kind ${group.kind}`,
        suggest(option, known, 'known options'),
        'key',
      );
    } else {
      const file = '';
      const alone = { file, value: { [option]: value }, locate: () => ({ file }) };
      const result = validate(alone, z.object({ [option]: schema }));
      for (const { message, hint } of result.problems) problem(path, message, hint);
      if (result.value !== undefined && isDeepStrictEqual(result.value[option], group.options[option])) {
        problem(path, `${key} is ${String(value)} already: the control would be the same run again`);
      }
    }
  }
}

/** Every entry of the timeline that the control leaves out is there, and something is left. */
function checkDifference({ written: { control, timeline }, topology, problem }: Check, there: Check): void {
  if (control === undefined) return;
  if (control.topology !== undefined && there.topology.file === topology.file)
    problem(['control', 'topology'], 'this is the topology of the run already');
  const names = timeline.map(entryName);
  for (const [i, name] of control.skip.entries()) {
    if (!names.includes(name))
      problem(
        ['control', 'skip', i],
        `nothing on the timeline is named "${name}"`,
        suggest(name, names, 'the timeline has'),
      );
  }
  if (
    control.topology === undefined &&
    control.skip.length === 0 &&
    Object.keys(control.set).length === 0 &&
    Object.keys(control.replace).length === 0
  ) {
    problem(
      ['control'],
      'the control does not differ from the run',
      'it needs topology, set, skip or replace',
      'key',
    );
  } else if (
    timeline.every((item) => skipped(control.skip, entryName(item), 'of' in item ? item.of : undefined))
  ) {
    problem(['control', 'skip'], 'the control has nothing left on its timeline');
  }
}

/** What is replaced is there, and what stands there instead is sound. */
function checkReplace(check: Check, there: Check): void {
  const { written, faults, problem } = check;
  if (written.control === undefined) return;
  const names = written.timeline.map(entryName);
  for (const name of Object.keys(written.control.replace)) {
    const path = ['control', 'replace', name];
    if (!names.includes(name))
      problem(
        path,
        `nothing on the timeline is named "${name}"`,
        suggest(name, names, 'the timeline has'),
        'key',
      );
    else if (written.control.skip.includes(name))
      problem(path, `"${name}" is left out already`, undefined, 'key');
  }
  const { entries, problems } = controlTimeline(written, faults);
  for (const { path, message, hint } of problems) problem(path, message, hint);
  // Without the entries that cannot be read, what refers to them would be wrong as well.
  const { duration } = written.control;
  if (problems.length === 0)
    checkTimeline(there, entries, duration === undefined ? undefined : { of: 'control', duration });
}
