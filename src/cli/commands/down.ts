import { exitCodes } from '../../base/errors.ts';
import { Phases } from '../../base/phases.ts';
import { hostKinds } from '../../hosts/index.ts';
import { bringDown, labNames, labPaths, strayLabs } from '../../lab/index.ts';
import type { Context } from '../context.ts';
import { labNameOf } from '../labs.ts';

/** Idempotent: a lab that is not there is no error. */
export async function down(
  context: Context,
  wanted: readonly string[],
  { all = false }: { all?: boolean },
): Promise<number> {
  const phases = new Phases();
  phases.end('start');
  const running = await labNames();
  const named = await Promise.all(wanted.map(labNameOf));
  const names = all
    ? [...running, ...(await strayLabs())]
    : named.length > 0
      ? named
      : running.length === 1
        ? running
        : undefined;
  if (names === undefined) {
    if (running.length > 0) {
      context.print(`${running.length} labs are there: ${running.join(', ')}. Say which, or --all.`);
      context.printJson({ removed: [], labs: running });
      return exitCodes.badInput;
    }
    context.print('There is no lab.');
    context.printJson({ removed: [] });
    return exitCodes.pass;
  }
  const removed: string[] = [];
  for (const name of names) {
    if (await bringDown(labPaths(name), hostKinds, (phase) => phases.end(phase))) removed.push(name);
    else context.print(`There is no lab ${name}.`);
  }
  if (removed.length > 0) context.print(`Removed ${removed.join(', ')}.`);
  else if (all) context.print('There is no lab.');
  context.printJson({ removed, ...phases.summary() });
  return exitCodes.pass;
}
