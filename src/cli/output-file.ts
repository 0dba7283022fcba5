/** Files that the user named for us to write. */
import { dirname } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';

/**
 * Writes a file, in a folder that is made if need be.
 * @param flag that names it: `--junit`
 * @throws WorldError that says which file, if it cannot be there
 */
export async function writeOutput<T>(file: string, flag: string, write: () => Promise<T>): Promise<T> {
  try {
    await makeFolder(dirname(file));
    return await write();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    // A full disk and the like are told as everywhere.
    if (!['ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'EACCES', 'EPERM', 'EROFS'].includes(code)) throw cause;
    throw new WorldError(`cannot write ${file}`, {
      code: 'file-unwritable',
      exitCode: 3,
      hint: `name another file with ${flag}`,
      details: [message],
      cause,
    });
  }
}
