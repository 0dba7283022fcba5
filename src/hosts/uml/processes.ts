import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { allPids, statOf } from '../pids.ts';
import { confineName } from './confine.ts';

/** What /proc tells of a process, as far as a guest's processes are told by it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly session: number;
  /** Name of its executable, without what the kernel adds once the file is replaced. */
  readonly program: string;
}

/** A guest kernel or one of its tasks; before it is executed the kernel is what confines and pins it. */
export function isGuest({ pid, program }: ProcessFacts): boolean {
  return program === 'linux.uml' || program === 'taskset' || (program === 'perl' && isConfining(pid));
}

function isConfining(pid: number): boolean {
  try {
    const [, script = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(script) === confineName;
  } catch {
    return false;
  }
}

/**
 * Processes of sessions led by a guest kernel. The guest's tasks are processes of the machine ("stubs") whose memory is
 * the guest's business, so the tag in their environment is not to be relied on; but they stay in the session of the kernel
 * that traces them, even after it died, and a session's number is not used again while it has members (kernel/pid.c).
 */
export function inSessions(sessions: ReadonlySet<number>): ProcessFacts[] {
  return allProcesses().filter((facts) => sessions.has(facts.session) && isGuest(facts));
}

export function allProcesses(): ProcessFacts[] {
  return allPids().flatMap((pid) => factsOf(pid) ?? []);
}

/** @returns undefined if it is gone (a zombie is), or belongs to another user */
export function factsOf(pid: number): ProcessFacts | undefined {
  const [state = 'X', , , session] = statOf(pid);
  if (state === 'Z' || state === 'X') return undefined;
  try {
    const program = basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
    return { pid, session: Number(session), program };
  } catch {
    return undefined;
  }
}

/**
 * Kills a guest kernel and its stubs. While the kernel is stopped its stubs stay stopped too; were it killed first,
 * they would run on untraced, as processes of this machine, until somebody else killed them.
 */
export function killGuest(processes: readonly ProcessFacts[]): void {
  const leaders = processes.filter(({ pid, session }) => pid === session);
  const stubs = processes.filter(({ pid, session }) => pid !== session);
  for (const { pid } of leaders) send(pid, 'SIGSTOP');
  for (const { pid } of stubs) send(pid, 'SIGKILL');
  for (const { pid } of leaders) send(pid, 'SIGKILL');
}

export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}
