/** Whom a strike hits: found by parentage and by the tag of the loop's own labs, never by a name. */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { allPids } from '../../src/hosts/pids.ts';
import { findTagged } from '../../src/hosts/process-tag.ts';
import type { Role } from './plan.ts';

/**
 * @param command process id of the command line, unless it has ended
 * @param ids of the loop's labs
 * @returns none if there is nobody of that role; of `cli` that is the command, which the caller has
 */
export async function victims(
  role: Exclude<Role, 'daemon' | 'agent'>,
  command: number | undefined,
  ids: readonly string[],
): Promise<number[]> {
  if (role === 'cli') return [];
  if (role === 'helper') return command === undefined ? [] : childrenOf(command);
  const tagged = (await findTagged()).filter(({ lab }) => ids.includes(lab)).map(({ pid }) => pid);
  if (role === 'traffic') return tagged.filter((pid) => argvOf(pid).includes('__traffic'));
  const keepers = tagged.filter((pid) => argvOf(pid).some((word) => /\bkeeper\.js$/.test(word)));
  if (role === 'keeper' && keepers.length > 0) return keepers;
  const kernels = tagged.filter((pid) => statOf(pid)?.session === pid && programOf(pid) === 'linux.uml');
  // On a native host the lab's own processes are all there is.
  if (kernels.length === 0) return tagged;
  if (role === 'guest') return kernels;
  const sessions = new Set(kernels);
  return allPids().filter((pid) => !sessions.has(pid) && sessions.has(statOf(pid)?.session ?? -1));
}

/** One that was found may be gone by now. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

const childrenOf = (parent: number): number[] => allPids().filter((pid) => statOf(pid)?.parent === parent);

/** proc(5): after the name in parentheses come state, parent, group, session. */
function statOf(pid: number): { readonly parent: number; readonly session: number } | undefined {
  const text = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === undefined) return undefined;
  const [, parent, , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(parent), session: Number(session) };
}

const argvOf = (pid: number): string[] =>
  (read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0');

const programOf = (pid: number): string => basename(read(() => readlinkSync(`/proc/${pid}/exe`)) ?? '');

function read(look: () => string): string | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
