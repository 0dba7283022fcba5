import { closeSync, fstatSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { WorldError } from '../../base/errors.ts';
import { guestFiles } from './files.ts';

/** guest.json: written before the guest starts, and again when it ends. Times are milliseconds since the epoch. */
export interface GuestRecord {
  readonly keeper: number;
  /** The guest kernel's process: leader of the session that all its processes are in. */
  readonly pid?: number;
  /** The machine's boot that the process ids belong to. */
  readonly boot: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Why it ended, as a clause. */
  readonly reason?: string;
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function writeRecord(directory: string, record: GuestRecord): void {
  const { record: path } = guestFiles(directory);
  writeFileSync(`${path}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readRecord(directory: string): GuestRecord | undefined {
  try {
    return JSON.parse(readFileSync(guestFiles(directory).record, 'utf8')) as GuestRecord;
  } catch {
    return undefined;
  }
}

/** The error that every command gets once the guest is gone: why, and the console's last words. */
export function guestDied(directory: string): WorldError {
  const record = readRecord(directory);
  const reason =
    record === undefined
      ? 'none was started for this lab'
      : (record.reason ?? `the process that kept it (pid ${record.keeper}) was killed`);
  return new WorldError(`the lab's guest is gone: ${reason}`, {
    code: 'guest-died',
    exitCode: 4,
    hint: `run "tierlab down" to clear away what is left of the lab, then "tierlab up"${/out of memory/i.test(reason) ? ' with more --memory' : ''}`,
    details: consoleTail(directory, 10).map((line) => `console: ${line}`),
  });
}

/** Why a guest ended, from how its process ended and what its console said. */
export function reasonOf(
  { exitCode, signal }: { exitCode: number | null; signal: string | null },
  lines: readonly string[],
): string {
  const find = (pattern: RegExp): string | undefined => {
    for (const line of lines.toReversed()) {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const panic = find(/Kernel panic - not syncing: (.*)/);
  if (panic !== undefined) return `its kernel panicked: ${panic}`;
  const agent = find(/tierlab: (the guest .*)/);
  const killed = find(/(Out of memory: Killed process .*?\))/);
  const memory = killed === undefined ? '' : ` (${killed})`;
  if (signal !== null) return `its process was killed by ${signal}${memory}`;
  if (agent !== undefined) return `${agent}${memory}`;
  if (find(/(reboot: .*)/) !== undefined) return `it was powered off${memory}`;
  return `its process ended with exit code ${exitCode ?? 0}${memory}`;
}

/** mm/oom_kill.c, __oom_kill_process(): a line for each program that the guest's kernel has killed for memory. */
export function killsOnConsole(directory: string): string[] {
  return consoleTail(directory, 200).flatMap((line) => /Killed process \d+ \((.*?)\)/.exec(line)?.[1] ?? []);
}

export function consoleTail(directory: string, count: number): string[] {
  return tailOf(guestFiles(directory).console, count);
}

/** The last lines of a file that may not be there. */
export function tailOf(path: string, count: number): string[] {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const bytes = Buffer.alloc(Math.min(size, 16 * 1024));
      readSync(file, bytes, 0, bytes.length, size - bytes.length);
      return lastLines(bytes.toString('utf8'), count);
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}

export function lastLines(text: string, count: number): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.slice(-count);
}
