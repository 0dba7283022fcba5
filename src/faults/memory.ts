/**
 * How things were before a fault, where the plan does not say: one file each in the lab's folder, written before the lab is
 * touched. Whoever heals, in whatever process, finds it there. The first one counts: a second fault must not take the
 * first one's work for the normal state.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabPaths } from '../lab/index.ts';

export async function remember(lab: LabPaths, key: string, value: string): Promise<void> {
  await mkdir(folder(lab), { recursive: true, mode: 0o700 });
  await writeFile(file(lab, key), value, { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
}

export const recall = (lab: LabPaths, key: string): Promise<string | undefined> =>
  readFile(file(lab, key), 'utf8').catch(() => undefined);

export const forget = (lab: LabPaths, key: string): Promise<void> => rm(file(lab, key), { force: true });

const folder = (lab: LabPaths): string => join(lab.directory, 'before');
const file = (lab: LabPaths, key: string): string => join(folder(lab), encodeURIComponent(key));
