import { readdir, readFile } from 'node:fs/promises';

/** Environment variable that every process of a lab carries, on the host and in the guest. (TIERLAB_LAB is the flag --lab.) */
export const labVariable = 'TIERLAB_TAG';

/**
 * Finds the processes that carry a lab's tag in their environment, or any lab's tag if no id is given.
 * Reading /proc/PID/environ needs to be the same user or root: other users' labs are never seen.
 */
export async function findTagged(id?: string): Promise<{ pid: number; lab: string }[]> {
  const found: { pid: number; lab: string }[] = [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const lab = environment
        .split('\0')
        .find((entry) => entry.startsWith(`${labVariable}=`))
        ?.slice(labVariable.length + 1);
      if (lab !== undefined && (id === undefined || lab === id)) found.push({ pid: Number(pid), lab });
    }),
  );
  return found;
}
