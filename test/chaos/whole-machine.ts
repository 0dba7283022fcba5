/** All that there is on a machine that is ours alone: it must be the same after a round as before. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../src/base/until.ts';
import { allPids } from '../../src/hosts/pids.ts';
import { factsOf } from '../../src/hosts/uml/processes.ts';
import { compareInventories, type Inventory, linesOf, takeInventory } from '../machine-inventory.ts';

/** Where there may be files that are gone with the machine. Elsewhere nothing can be written. */
const folders = ['/run', '/dev/shm', '/tmp', '/var/tmp'];

export function takeWholeInventory(): Inventory {
  return {
    ...takeInventory(),
    processes: allPids().flatMap((pid) => describeProcess(pid)),
    sockets: ['unix', 'tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6', 'packet'].flatMap(boundSockets),
    files: folders.filter(isWritable).flatMap(filesBelow),
  };
}

/** What the kernel removes by itself may take it a moment. @returns what is there in one only, as `+ files: …` */
export async function differencesFrom(before: Inventory): Promise<string[]> {
  let found: string[] = [];
  const look = (): { ok: boolean; saw: string } => {
    found = compareInventories(before, takeWholeInventory());
    return { ok: found.length === 0, saw: found.join('\n') };
  };
  await until(look, { withinMs: 3000, everyMs: 100, why: 'the machine to be as it was' }).catch(() => {});
  return found;
}

/** Those that have ended, and only wait to be reaped, are none. */
function describeProcess(pid: number): string[] {
  if (pid === process.pid || factsOf(pid) === undefined) return [];
  return linesOf(`/proc/${pid}/cmdline`).map((argv) => argv.replaceAll('\0', ' '));
}

/** proc(5), unix(7): with a name, an address, or a protocol; without one a socket is its process's affair. */
function boundSockets(kind: string): string[] {
  const [, ...lines] = linesOf(`/proc/net/${kind}`);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  if (kind === 'unix') return fields.flatMap(([, , , , , , , name]) => (name === undefined ? [] : [name]));
  // local address, remote address and state of tcp and the like; type, protocol and interface of packet
  return fields.map((line) => `${kind} ${line.slice(1, 4).join(' ')}`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...filesBelow(path)] : [path];
  });
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
