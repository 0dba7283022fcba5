import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** What /proc tells of a process, as far as a guest's processes are told by it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly session: number;
  /** Name of its executable, without what the kernel adds once the file is replaced. */
  readonly program: string;
}

/** The guest kernel, and under which name it runs before taskset has executed it. */
const guestPrograms: readonly string[] = ['linux.uml', 'taskset'];

/**
 * Processes of sessions led by a guest kernel. The guest's tasks are processes of the machine ("stubs") that have
 * given up their environment, so no tag finds them; but they stay in the session of the kernel that traces them,
 * even after it died, and a session's number is not used again while it has members (kernel/pid.c).
 */
export function inSessions(sessions: ReadonlySet<number>): ProcessFacts[] {
  return allProcesses().filter(
    ({ session, program }) => sessions.has(session) && guestPrograms.includes(program),
  );
}

export function allProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => factsOf(Number(name)) ?? []);
}

/** @returns undefined if it is gone (a zombie is), or belongs to another user */
export function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): after the name in parentheses come state, parent, group, session.
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
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
