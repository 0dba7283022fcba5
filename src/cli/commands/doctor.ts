import { exitCodes } from '../../base/errors.ts';
import { probeAll } from '../../hosts/index.ts';
import { kinds } from '../../kinds/index.ts';
import { requirementsOfKinds } from '../../lab/index.ts';
import type { Context } from '../context.ts';
import { table } from '../table.ts';

/** Every host with "usable", or exactly why not and the remedy. Exit code 3 if none is usable. */
export async function doctor({ colour, print, printJson }: Context): Promise<number> {
  const hosts = await probeAll(requirementsOfKinds(Object.values(kinds)));
  printJson({ hosts });
  const paint = (cell: string, column: number): string =>
    column !== 1 ? cell : cell.startsWith('yes') ? colour.green(cell) : colour.red(cell);
  const chosen = hosts.find(({ usable }) => usable)?.host;
  print(
    table(
      ['HOST', 'USABLE', 'WHAT WAS FOUND'],
      hosts.map(({ host, usable, summary }) => [
        host === chosen ? `${host} *` : host,
        usable ? 'yes' : 'no',
        summary,
      ]),
      paint,
    ),
  );
  for (const { host, usable, problems } of hosts) {
    if (usable) continue;
    print(`\nWhy ${host} cannot be used:`);
    for (const { what, remedy } of problems) print(`  - ${what}\n    → ${remedy}`);
  }
  if (chosen !== undefined) {
    print(`\n* is what \`--host auto\` picks.`);
    return exitCodes.pass;
  }
  print('\nNo host can be used yet. `tierlab setup` installs what is missing.');
  return exitCodes.environment;
}
