import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';

/** TMPFS_MAGIC, linux/magic.h. */
const tmpfsMagic = 0x01021994;

/**
 * Where the guest kernel makes the file that is its memory: a tmpfs, for every page of it would otherwise be written to disk.
 * It must be large enough (containers often have 64 MiB there: beyond, the guest dies of SIGBUS) and may not be
 * mounted noexec (the guest's programs are executed from it).
 */
export function memoryFolder(memoryMb: number, otherwise: string): string {
  const folder = '/dev/shm';
  try {
    accessSync(folder, constants.W_OK);
    const { type, bavail, bsize } = statfsSync(folder);
    const fits = bavail * bsize >= memoryMb * 1024 * 1024;
    return type === tmpfsMagic && fits && !isNoExec(folder) ? folder : otherwise;
  } catch {
    return otherwise;
  }
}

/** proc(5): field 5 of mountinfo is the mount point, field 6 its options. */
function isNoExec(folder: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const mount = mounts.findLast((fields) => fields[4] === folder);
  return mount?.[5]?.split(',').includes('noexec') ?? false;
}
