/** What a lab in a guest is on the machine: its processes, and what else of it is left somewhere. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findTagged } from '../../src/hosts/process-tag.ts';
import { inSessions } from '../../src/hosts/uml/processes.ts';
import { readRecord } from '../../src/hosts/uml/record.ts';
import type { LabPaths } from '../../src/lab/index.ts';
import { namespacesOf } from './star-namespaces.ts';

export interface LabProcesses {
  readonly keepers: readonly number[];
  /** The guest's kernel, its helper threads, and its tasks ("stubs"): all are in the session that the kernel leads. */
  readonly guest: readonly number[];
  /** Process id of the guest's kernel. */
  readonly kernel?: number;
}

/** @param knownKernel of a lab whose folder may be gone */
export async function processesOf(lab: LabPaths, knownKernel?: number): Promise<LabProcesses> {
  const kernel = readRecord(lab.directory)?.pid ?? knownKernel;
  const guest = kernel === undefined ? [] : inSessions(new Set([kernel])).map(({ pid }) => pid);
  const tagged = (await findTagged(lab.id)).map(({ pid }) => pid);
  return {
    keepers: tagged.filter((pid) => !guest.includes(pid)),
    guest,
    ...(kernel === undefined ? {} : { kernel }),
  };
}

/** Everything that there still is of a lab that was taken down; each as one line. */
export async function leftOvers(lab: LabPaths, home: string, kernel: number | undefined): Promise<string[]> {
  const { keepers, guest } = await processesOf(lab, kernel);
  const files = await readdir(home, { recursive: true, withFileTypes: true });
  return [
    ...[...keepers, ...guest].map((pid) => `process ${pid}`),
    // The folder in which labs are is no lab's.
    ...files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => path !== join(home, 'labs'))
      .map((path) => `file ${path}`),
    ...(await namespacesOf(`tl-${lab.id}-`)).map((name) => `namespace ${name}`),
    ...(await readdir(lab.runtime).catch(() => [])).map((name) => `file ${join(lab.runtime, name)}`),
  ];
}
