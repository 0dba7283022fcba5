import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { replaceFile } from '../base/replace-file.ts';
import type { HostName } from '../hosts/contract.ts';
import type { Plan } from '../topology/types.ts';
import { isLabName, type LabPaths, labPaths, tierlabHome } from './paths.ts';
import type { Lacking } from './plumbing-only.ts';
import { parsePlan } from './written-plan.ts';

/** What is on disk about a lab. It is written before anything else is created. */
export interface LabState {
  readonly format: 1;
  readonly id: string;
  readonly name: string;
  readonly host: HostName;
  readonly topologyFile: string;
  readonly created: string;
  readonly phase: 'creating' | 'up' | 'failed';
  /** The process that brings it up, to tell a creation under way from one that was killed. */
  readonly creator: ProcessIdentity;
  /** It has no daemons (`up --plumbing-only`), nor what its kernel lacks. Absent: it is whole. */
  readonly lacking?: Lacking;
}

/** A pid is reused; together with its start time (clock ticks since boot, field 22 of /proc/PID/stat) it is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Claims the lab's folder: of two that try at once, one gets it. @returns false if it exists already */
export async function claimLab(lab: LabPaths): Promise<boolean> {
  const parent = join(lab.directory, '..');
  try {
    await makeFolder(parent, 0o700);
    await mkdir(lab.directory, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && path === lab.directory) return false;
    throw new WorldError(`cannot create the lab's folder ${lab.directory}`, {
      code: 'state-unwritable',
      exitCode: 3,
      hint: 'set TIERLAB_HOME to a folder that you can write to',
      cause: error,
      details: [String((error as Error).message)],
    });
  }
}

export async function writeState(lab: LabPaths, state: LabState): Promise<void> {
  await replaceFile(lab.state, `${JSON.stringify(state, null, 2)}\n`);
}

export async function readState(lab: LabPaths): Promise<LabState | undefined> {
  const text = await readFile(lab.state, 'utf8').catch((error: unknown) => absent(error, undefined));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LabState;
  } catch {
    return undefined;
  }
}

/** From now on the lab is made from that file. */
export async function noteTopologyFile(lab: LabPaths, topologyFile: string): Promise<void> {
  const state = await readState(lab);
  if (state !== undefined) await writeState(lab, { ...state, topologyFile });
}

export async function readPlan(lab: LabPaths): Promise<Plan> {
  return parsePlan(await readFile(lab.plan, 'utf8'));
}

/** Names of all labs of this user, in order; also those whose creation was cut short. */
export async function labNames(home = tierlabHome()): Promise<string[]> {
  return (await readdir(join(home, 'labs')).catch((error: unknown) => absent(error, [])))
    .filter(isLabName)
    .sort();
}

/** What may not be read is not absent. */
function absent<T>(error: unknown, value: T): T {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
  throw error;
}

export async function forgetLab(lab: LabPaths): Promise<void> {
  await rm(lab.directory, { recursive: true, force: true });
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' };
}

export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** The process that made a lab and goes on with it, if that is another one than ours: of a test, or still bringing it up. */
export async function ownerOf(lab: LabPaths): Promise<number | undefined> {
  const creator = (await readState(lab))?.creator;
  if (creator === undefined || creator.pid === process.pid) return undefined;
  return (await isAlive(creator)) ? creator.pid : undefined;
}

/**
 * The state of the lab of that name.
 * @param partly one that did not come up will do, too, as far as it came
 * @throws WorldError if there is none, or it is not up
 */
export async function requireLab(
  name: string,
  { home = tierlabHome(), partly = false }: { readonly home?: string; readonly partly?: boolean } = {},
): Promise<{ lab: LabPaths; state: LabState; plan: Plan }> {
  const lab = labPaths(name, home);
  const state = await readState(lab);
  if (state === undefined) {
    const names = await labNames(home);
    throw new WorldError(`there is no lab "${name}"`, {
      code: 'no-such-lab',
      exitCode: 4,
      hint:
        names.length === 0
          ? 'no lab is running: start one with `tierlab up TOPOLOGY`'
          : `labs: ${names.join(', ')}`,
    });
  }
  if (state.phase === 'up') return { lab, state, plan: await readPlan(lab) };
  if (state.phase === 'creating' && (await isAlive(state.creator))) {
    const hint = `process ${state.creator.pid} is bringing it up`;
    throw new WorldError(`lab "${name}" is still coming up`, { code: 'lab-not-up', exitCode: 4, hint });
  }
  const plan = await readPlan(lab).catch(() => undefined);
  if (partly && plan !== undefined) return { lab, state, plan };
  throw new WorldError(`lab "${name}" did not come up`, {
    code: 'lab-not-up',
    exitCode: 4,
    hint: [
      ...(plan === undefined || partly
        ? []
        : ['ps, exec, shell, logs, capture, graph, watch and traffic work on what is there of it']),
      `remove what is left of it with \`tierlab down ${name}\``,
    ].join('; '),
  });
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command name (field 2) may hold spaces and parentheses: count from behind its last ")".
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
