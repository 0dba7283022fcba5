import { readFileSync } from 'node:fs';
import type { HostLab } from './contract.ts';
import { allPids } from './pids.ts';

/** Environment variable that every process of a lab carries, on the host and in the guest. (TIERLAB_LAB is the flag --lab.) */
const labVariable = 'TIERLAB_TAG';

/** Beside it, the folder of its lab: so a lab is found whose folder was removed while it ran. */
const folderVariable = 'TIERLAB_LAB_FOLDER';

export const tagOf = ({ id, directory }: HostLab): Record<string, string> => ({
  [labVariable]: id,
  [folderVariable]: directory,
});

export interface TaggedProcess {
  readonly pid: number;
  /** Id of its lab. */
  readonly lab: string;
  readonly folder: string;
}

/**
 * Finds the processes that carry a lab's tag in their environment, or any lab's tag if no id is given.
 * Reading /proc/PID/environ needs to be the same user or root: other users' labs are never seen.
 */
export async function findTagged(id?: string): Promise<TaggedProcess[]> {
  // One after the other: all at once would be too many open files for some, and a process that was not seen would be left behind.
  return allPids()
    .filter((pid) => pid !== process.pid)
    .flatMap((pid) => {
      const variables = environmentOf(pid);
      const value = (name: string): string | undefined =>
        variables.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
      const lab = value(labVariable);
      if (lab === undefined || (id !== undefined && lab !== id)) return [];
      return [{ pid, lab, folder: value(folderVariable) ?? '' }];
    });
}

/** proc(5). Empty if it has ended, or belongs to another user. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return [];
    throw error;
  }
}
