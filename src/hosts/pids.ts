/** What /proc tells of the processes of this machine. */
import { readdirSync, readFileSync } from 'node:fs';

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fields of `/proc/PID/stat` behind its name (proc(5)): state, parent, group, session, …; none of a process that is gone. */
export function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
