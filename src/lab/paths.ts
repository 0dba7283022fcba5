import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { InputError } from '../base/errors.ts';
import type { HostLab } from '../hosts/contract.ts';
import type { NodePaths } from '../kinds/contract.ts';

/** Folder that holds all labs of this user: TIERLAB_HOME, or tierlab's folder below XDG_STATE_HOME. */
export function tierlabHome(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(
    env.TIERLAB_HOME ?? join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'tierlab'),
  );
}

/** On the lab's own Linux: a folder for each lab. */
export const runtimeRoot = '/run/tierlab';

/** Where everything of one lab is. `runtime` is on the lab's own Linux (a tmpfs), the rest in the user's home. */
export interface LabPaths extends HostLab {
  readonly name: string;
  readonly state: string;
  readonly plan: string;
  readonly plumbing: string;
  readonly runtime: string;
}

/**
 * The id is a function of home and name: names of namespaces and processes carry it, teardown finds them by it.
 * @throws InputError if the name could lead out of the folder of all labs: teardown removes what it leads to
 */
export function labPaths(name: string, home = tierlabHome()): LabPaths {
  if (!isLabName(name)) {
    const message = `${JSON.stringify(name)} cannot be the name of a lab`;
    const hint =
      'names begin with a letter or a digit and go on with letters, digits, ".", "_" and "-", at most 100';
    throw new InputError([{ file: 'command line:', message, hint }]);
  }
  const id = createHash('sha256').update(`${home}\0${name}`).digest('hex').slice(0, 6);
  const directory = join(home, 'labs', name);
  return {
    name,
    id,
    directory,
    state: join(directory, 'state.json'),
    plan: join(directory, 'plan.json'),
    plumbing: join(directory, 'plumbing'),
    runtime: join(runtimeRoot, id),
  };
}

export interface Programs {
  /** Folder of the bundled programs that run inside a lab. */
  readonly directory: string;
  /** Path of the Node binary, the same on the lab's Linux. */
  readonly node: string;
}

export function nodePaths(lab: LabPaths, node: string, programs: Programs): NodePaths {
  const run = `${lab.runtime}/${node}`;
  return {
    files: join(lab.directory, 'nodes', node),
    linked: `${run}/files`,
    run,
    programs: programs.directory,
    node: programs.node,
  };
}

export function logFile(lab: LabPaths, node: string, daemon: string): string {
  return join(lab.directory, 'logs', node, `${daemon}.log`);
}

export function pidFile(lab: LabPaths, node: string, daemon: string): string {
  return `${lab.runtime}/${node}/${daemon}.pid`;
}

/** Namespace of a node, or of the switch of a network: node and network names never collide. */
export function netnsName(lab: HostLab, nodeOrNetwork: string): string {
  return `tl-${lab.id}-${nodeOrNetwork}`;
}

export function netnsPath(lab: HostLab, nodeOrNetwork: string): string {
  return `/run/netns/${netnsName(lab, nodeOrNetwork)}`;
}

export const isLabName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name);
