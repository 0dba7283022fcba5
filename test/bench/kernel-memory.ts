import { readFile } from 'node:fs/promises';

/** What the kernel has taken for itself, in MB of 1,000,000 bytes: slabs and per-CPU areas (Documentation/filesystems/proc.rst, meminfo). */
export async function kernelMemoryMb(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const kilobytes = ['Slab', 'Percpu'].map((key) =>
    Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(text)?.[1]),
  );
  return (kilobytes.reduce((sum, each) => sum + each, 0) * 1024) / 1e6;
}
