import { mkdir, writeFile } from 'node:fs/promises';
import { limit } from '../base/limit.ts';

/** Open at once: a large lab has thousands of files, and a process often may have 1,024 open. */
const atOnce = 16;

/**
 * Makes folders, then files.
 * @param files absolute path → content
 */
export async function writeFiles(
  folders: Iterable<string>,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  await makeFolders(folders);
  const few = limit(atOnce);
  await all([...files].map(([file, content]) => few(() => writeFile(file, content, { mode: 0o600 }))));
}

export async function makeFolders(folders: Iterable<string>): Promise<void> {
  const few = limit(atOnce);
  await all([...folders].map((folder) => few(() => mkdir(folder, { recursive: true, mode: 0o700 }))));
}

/** Fails when the last one has ended, not the first: who clears away what was written must not meet who still writes. */
async function all(tasks: readonly Promise<unknown>[]): Promise<void> {
  for (const end of await Promise.allSettled(tasks)) if (end.status === 'rejected') throw end.reason;
}
