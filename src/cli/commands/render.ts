import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { exitCodes, WorldError } from '../../base/errors.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { kindTable } from '../../kinds/index.ts';
import { labPaths, plumbLab } from '../../lab/index.ts';
import { loadTopology, planTopology } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { plumbingOptions } from '../labs.ts';

/** Writes what `up` would write, into a folder that is new or empty: nothing of the user's is overwritten. */
export async function render(
  context: Context,
  file: string,
  { output }: { output: string },
): Promise<number> {
  const topology = await loadTopology(file, kindTable);
  const lab = labPaths(topology.name);
  const { files } = plumbLab(planTopology(topology, kindTable), lab, plumbingOptions());
  const folder = resolve(output);
  const existing = await readdir(folder).catch(() => []);
  if (existing.length > 0) {
    throw new WorldError(`${output} is not empty`, {
      code: 'folder-not-empty',
      exitCode: 3,
      hint: 'name a new folder',
    });
  }
  await makeFolder(folder).catch((cause: unknown) => {
    throw new WorldError(`cannot create the folder ${output}`, {
      code: 'folder-unwritable',
      exitCode: 3,
      hint: 'name another one',
      details: [String((cause as Error).message)],
      cause,
    });
  });
  const written: string[] = [];
  for (const [path, content] of files) {
    const target = join(folder, relative(lab.directory, path));
    await makeFolder(dirname(target));
    await writeFile(target, content, { flag: 'wx' });
    written.push(relative(folder, target));
  }
  context.printJson({ folder, files: written });
  context.print(`${written.length} files written to ${output}:`);
  for (const path of written.sort()) context.print(`  ${path}`);
  return exitCodes.pass;
}
