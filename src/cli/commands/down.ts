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
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      if (await bringDown(labPaths(name), hostKinds, (phase) => phases.end(phase))) removed.push(name);
      else context.print(`There is no lab ${name}.`);
    } catch (error) {
      // That one stays is no reason to leave the others up.
      failures.push(error);
      if (names.length > 1)
        context.report({ type: 'warning', message: `${name}: ${String((error as Error).message)}` });
    }
  }
  if (removed.length > 0) context.print(`Removed ${removed.join(', ')}.`);
  else if (all && failures.length === 0) context.print('There is no lab.');
  if (failures.length > 0) throw failures[0];
  context.printJson({ removed, ...phases.summary() });
  return exitCodes.pass;
}
