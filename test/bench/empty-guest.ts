/** The least that a guest can be: it boots, mounts /proc, and powers off at once. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leastUsed, parseCpus } from '../../src/hosts/uml/cpu.ts';
import { memoryFolder } from '../../src/hosts/uml/memory.ts';
import { allProcesses, inSessions, killGuest } from '../../src/hosts/uml/processes.ts';
import type { Bench } from './contract.ts';

/** MiB; what `up` is told as well. */
export const guestMemoryMb = 1024;

/** The init waits for the end: a process 1 that exits is a panic. */
const init = `#!/bin/sh
exec </dev/console >/dev/console 2>&1
mount -t proc proc /proc
echo o >/proc/sysrq-trigger
while :; do read -r _; done
`;

/**
 * Boots it, pinned to one of `cpus` as a lab's guest would be, and waits until it is off. @returns ms
 * @throws Error with the console if it ends otherwise
 */
export async function bootAndPowerOff(bench: Bench, cpus: readonly number[]): Promise<number> {
  const folder = join(bench.scratch, 'empty-guest');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'init.sh'), init, { mode: 0o700 });
  const cpu = await freeCpu(cpus);
  const root = ['rootfstype=hostfs', 'ro', 'root=/dev/root', 'hostfs=/', `init=${folder}/init.sh`];
  const own = [
    `mem=${guestMemoryMb}M`,
    `uml_dir=${folder}`,
    'umid=empty',
    'con=null',
    'con0=fd:0,fd:1',
    'quiet',
  ];
  const start = performance.now();
  const guest = spawn('taskset', ['-c', String(cpu), 'linux.uml', ...own, ...root], {
    cwd: folder,
    env: { PATH: process.env.PATH, TMPDIR: memoryFolder(guestMemoryMb, folder) },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = (): void => {
    if (guest.pid !== undefined) killGuest(inSessions(new Set([guest.pid])));
  };
  const limit = setTimeout(kill, 60_000);
  bench.signal.addEventListener('abort', kill, { once: true });
  const said: Buffer[] = [];
  guest.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  guest.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      guest.once('error', reject);
      guest.once('exit', resolve);
    });
    const ms = performance.now() - start;
    bench.signal.throwIfAborted();
    if (code === 0) return ms;
    throw new Error(
      `the empty guest ended with exit code ${code}: ${Buffer.concat(said).toString().slice(-400)}`,
    );
  } finally {
    clearTimeout(limit);
    bench.signal.removeEventListener('abort', kill);
    kill();
  }
}

/** Of these CPUs, one with the fewest guests, as a lab's guest chooses. */
async function freeCpu(cpus: readonly number[]): Promise<number> {
  const guests = new Map<number, number>();
  for (const { pid, session, program } of allProcesses()) {
    if (program !== 'linux.uml' || pid !== session) continue;
    const [cpu, ...others] = await allowedCpus(pid);
    if (cpu !== undefined && others.length === 0) guests.set(cpu, (guests.get(cpu) ?? 0) + 1);
  }
  return leastUsed(cpus, guests, 0) ?? 0;
}

/** Of a process; none if it is gone. */
export async function allowedCpus(pid: number | 'self'): Promise<number[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return parseCpus(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '');
}
