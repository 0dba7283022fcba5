import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';

/** `<runs>/<time>-<name>`, with a number behind it if two start in one second. Jobs on several machines may share the folder. */
export async function newRunDirectory(runs: string, name: string): Promise<string> {
  await makeFolder(runs).catch((cause: unknown) => {
    // Of a disk that can only be read, this says that the folder is not there.
    throw new WorldError(`cannot create the folder of runs ${resolve(runs)}`, {
      code: 'runs-unwritable',
      exitCode: 3,
      hint: 'name another one with --runs',
      details: [String((cause as Error).message)],
      cause,
    });
  });
  const stamp = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${name}`;
  for (let n = 1; ; n++) {
    const directory = resolve(runs, n === 1 ? stamp : `${stamp}-${n}`);
    try {
      await mkdir(directory, { mode: 0o700 });
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
