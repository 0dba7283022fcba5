import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { suggest } from '../base/suggest.ts';
import { validate } from '../topology/index.ts';
import type { Check } from './check.ts';
import { readOption } from './control.ts';

/** Every option that the control sets is there, takes that value, and makes a difference. */
export function checkControl({ written, topology, kinds, problem }: Check): void {
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
