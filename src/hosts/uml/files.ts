import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that a guest has in its lab's folder. */
export function guestFiles(directory: string) {
  return {
    /** Where clients reach the keeper. */
    socket: join(directory, 'guest.sock'),
    /** State and end of the guest, a `GuestRecord`. */
    record: join(directory, 'guest.json'),
    console: join(directory, 'console.log'),
    /** What the keeper had to say, should it ever. */
    keeperErrors: join(directory, 'uml', 'keeper.err'),
    /** The guest kernel's own files, and what it starts from. */
    uml: join(directory, 'uml'),
    init: join(directory, 'uml', 'init.sh'),
    fstab: join(directory, 'uml', 'fstab'),
  };
}

/** unix(7): a socket's path has at most 107 bytes. */
const longestSocketPath = 100;

/** Calls `use` with a path of the socket that is short enough, however deep the lab's folder lies. */
export async function withShortPath<T>(
  directory: string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= longestSocketPath) return use(path);
  const folder = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await use(`/proc/self/fd/${folder}/${name}`);
  } finally {
    closeSync(folder);
  }
}
