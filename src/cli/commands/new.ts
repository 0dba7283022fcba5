import { writeFile } from 'node:fs/promises';
import { exitCodes, WorldError } from '../../base/errors.ts';
import { exists } from '../../base/exists.ts';
import { kindTable } from '../../kinds/index.ts';
import { type Chain, generateTopology, parseDocument, topologyOf } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { writeOutput } from '../output-file.ts';

export interface NewOptions extends Omit<Chain, 'name' | 'families'> {
  readonly family: 'ipv4' | 'ipv6' | 'both';
  readonly output?: string;
}

/** Prints a topology, or writes it to a file that is not there yet. @throws InputError if its name cannot be one */
export async function newTopology(context: Context, name: string, options: NewOptions): Promise<number> {
  const { output, family, ...sizes } = options;
  const families = family === 'both' ? (['ipv4', 'ipv6'] as const) : [family];
  const text = generateTopology({ name, families, ...sizes });
  // What is handed out must be sound, and a name comes from outside.
  topologyOf(parseDocument(text, output ?? 'the new topology'), kindTable);
  if (output === undefined) {
    context.print(text);
    context.printJson({ topology: text });
    return exitCodes.pass;
  }
  if (await exists(output))
    throw new WorldError(`${output} is there already`, {
      code: 'file-exists',
      exitCode: 3,
      hint: 'name a new file',
    });
  await writeOutput(output, '--output', () => writeFile(output, text, { flag: 'wx' }));
  context.printJson({ file: output });
  context.print(`${output} written: tierlab up ${output}`);
  return exitCodes.pass;
}
