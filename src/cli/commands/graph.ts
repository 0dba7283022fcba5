import { exitCodes, InputError } from '../../base/errors.ts';
import { drawGraph, type GraphFormat } from '../../graph/index.ts';
import { kindTable } from '../../kinds/index.ts';
import { loadTopology, planTopology } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { findLab } from '../labs.ts';

/** Draws a topology file, or a lab that is up. */
export async function graph(
  context: Context,
  file: string | undefined,
  { lab, as }: { readonly lab?: string; readonly as: GraphFormat },
): Promise<number> {
  if (file !== undefined && lab !== undefined) {
    throw new InputError([{ file: 'command line:', message: 'name a topology or a lab, not both' }]);
  }
  const plan =
    file === undefined
      ? (await findLab(lab, 'plumbing')).plan
      : planTopology(await loadTopology(file, kindTable), kindTable);
  const text = drawGraph(plan, as);
  context.print(text);
  context.printJson({ format: as, graph: text });
  return exitCodes.pass;
}
