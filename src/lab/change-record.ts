/** A change of a lab that is under way: on disk before anything is touched, and at the same time the lock that keeps others out. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { exists } from '../base/exists.ts';
import type { Plan } from '../topology/types.ts';
import type { LabPaths } from './paths.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './state.ts';
import { writePlan } from './written-plan.ts';

interface ChangeRecord {
  readonly by: ProcessIdentity;
  /** What the lab is to be: together with the plan it names every node that there may be. Written as that is. */
  readonly plan: string;
}

/** Of two that want to change a lab, one may. @throws WorldError if it is being changed, or a change was cut short */
export async function beginChange(lab: LabPaths, plan: Plan): Promise<void> {
  const record: ChangeRecord = { by: await ownIdentity(), plan: writePlan(plan) };
  try {
    await writeFile(file(lab), JSON.stringify(record), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw await explain(lab);
    // On a full disk it is there, and empty.
    await endChange(lab).catch(() => undefined);
    throw error;
  }
}

/** @throws WorldError if the lab is being changed, or a change was cut short */
export async function assertUnchanging(lab: LabPaths): Promise<void> {
  if (await exists(file(lab))) throw await explain(lab);
}

export async function endChange(lab: LabPaths): Promise<void> {
  await rm(file(lab), { force: true });
}

async function explain(lab: LabPaths): Promise<WorldError> {
  const by = await author(lab);
  if (by !== undefined && (await isAlive(by)))
    return new WorldError(`lab "${lab.name}" is being changed by process ${by.pid}`, {
      code: 'lab-changing',
      exitCode: 4,
      hint: 'wait for it',
    });
  return new WorldError(`the last change of lab "${lab.name}" was cut short: nobody knows how far it got`, {
    code: 'change-cut-short',
    exitCode: 4,
    hint: `remove the lab with \`tierlab down ${lab.name}\`, and bring it up again`,
  });
}

/** undefined: it was killed, or found the disk full, before it had written its name down. */
async function author(lab: LabPaths): Promise<ProcessIdentity | undefined> {
  try {
    return (JSON.parse(await readFile(file(lab), 'utf8')) as ChangeRecord).by;
  } catch {
    return undefined;
  }
}

const file = (lab: LabPaths): string => join(lab.directory, 'change.json');
