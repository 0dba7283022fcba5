/**
 * The machine's memory that a guest takes. The guest's own memory is one file in a tmpfs that its kernel and every one of its
 * tasks ("stubs") map: summing the RSS of all processes counts a page once for each that maps it. PSS divides it by
 * their number (Documentation/filesystems/proc.rst, smaps_rollup), but misses what was touched and no process maps
 * now. So what is resident is: the processes' private and file pages by PSS, plus the blocks that the file has.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import type { LabProcesses } from './lab-processes.ts';

/** In MB of 1,000,000 bytes. */
export interface ResidentMemory {
  readonly residentMb: number;
  readonly guestFileMb: number;
  readonly pssMb: number;
  readonly rssMb: number;
  readonly keeperMb: number;
  readonly addressSpaces: number;
}

export async function residentMemory({ keepers, guest, kernel }: LabProcesses): Promise<ResidentMemory> {
  const all = await Promise.all((await addressSpaces([...keepers, ...guest])).map(readRollup));
  const ofKeepers = await Promise.all(keepers.map(readRollup));
  const sum = (key: string, of = all): number => of.reduce((total, each) => total + (each.get(key) ?? 0), 0);
  const guestFile = kernel === undefined ? 0 : await memoryFileBytes(kernel);
  const shmem = sum('Pss_Shmem');
  return {
    residentMb: (sum('Pss') - shmem + Math.max(shmem, guestFile)) / 1e6,
    guestFileMb: guestFile / 1e6,
    pssMb: sum('Pss') / 1e6,
    rssMb: sum('Rss') / 1e6,
    keeperMb: sum('Pss', ofKeepers) / 1e6,
    addressSpaces: all.length,
  };
}

/**
 * One process of each address space: the guest kernel's helper threads are processes too, but share its memory. No two spaces
 * have the same map of addresses and offsets.
 */
async function addressSpaces(pids: readonly number[]): Promise<number[]> {
  const maps = await Promise.all(
    pids.map(async (pid) => [await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => ''), pid] as const),
  );
  return [...new Map(maps.filter(([text]) => text !== '')).values()];
}

/** Bytes by key; empty for a process that is gone. */
async function readRollup(pid: number): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, key, kilobytes] = /^(\w+):\s+(\d+) kB/.exec(line) ?? [];
      return key === undefined ? [] : [[key, Number(kilobytes) * 1024] as const];
    }),
  );
}

/** The guest's memory is its kernel's largest open file: deleted, so that only the process knows it. */
async function memoryFileBytes(kernel: number): Promise<number> {
  const folder = `/proc/${kernel}/fd`;
  const files = await Promise.all(
    (await readdir(folder)).map((fd) => stat(`${folder}/${fd}`).catch(() => undefined)),
  );
  const largest = files
    .filter((file) => file?.isFile() === true)
    .sort((a, b) => (b?.size ?? 0) - (a?.size ?? 0))[0];
  return (largest?.blocks ?? 0) * 512;
}
