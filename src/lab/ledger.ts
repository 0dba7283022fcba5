/**
 * What was done to a running lab, by hand or by a timeline, and not undone yet: one file each in the lab's folder, written before the lab is
 * touched, so that any later process can undo it, also after this one was killed halfway. A file each because its name
 * can be claimed without a lock.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../base/replace-file.ts';
import type { LabPaths } from './paths.ts';

/** A fault that was injected, or a node that was drained. */
export interface LedgerEntry {
  /** Unique in the lab. */
  readonly name: string;
  /** Name of the fault, or `drain`. */
  readonly fault: string;
  /** As written: `l4-1`, `l4`, `l4-1:fabric`. */
  readonly target: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the nodes that it was done to. */
  readonly nodes: readonly string[];
  /** Of the scenario. */
  readonly seed?: number;
  /** ms since the epoch. */
  readonly at: number;
  /** `begun`: whoever did it never said how it went. */
  readonly state: 'begun' | 'landed' | 'not-landed';
  readonly evidence: string;
}

/** Of two that want the same name, one gets it. @returns false if the name is taken */
export async function claimEntry(lab: LabPaths, entry: LedgerEntry): Promise<boolean> {
  // Not with those above it: a lab that is gone has no ledger.
  await mkdir(folder(lab), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  try {
    await writeFile(file(lab, entry.name), text(entry), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // On a full disk it is there, and empty.
    await forgetEntry(lab, entry.name).catch(() => undefined);
    throw error;
  }
}

export async function updateEntry(lab: LabPaths, entry: LedgerEntry): Promise<void> {
  await replaceFile(file(lab, entry.name), text(entry));
}

/** In the order in which they were done. */
export async function ledgerEntries(lab: LabPaths): Promise<LedgerEntry[]> {
  const names = (await readdir(folder(lab)).catch(() => [])).filter((name) => name.endsWith('.json'));
  const entries = await Promise.all(names.map((name) => readEntry(join(folder(lab), name))));
  return entries.filter((entry) => entry !== undefined).sort((a, b) => a.at - b.at);
}

export async function forgetEntry(lab: LabPaths, name: string): Promise<void> {
  await rm(file(lab, name), { force: true });
}

/** Names of the nodes that do not serve, and are known not to: whoever starts now need not wait for them. */
export async function outOfService(lab: LabPaths): Promise<ReadonlySet<string>> {
  const entries = await ledgerEntries(lab);
  return new Set(entries.filter(({ fault }) => takesOut.has(fault)).flatMap(({ nodes }) => nodes));
}

const takesOut: ReadonlySet<string> = new Set(['drain', 'node.crash', 'node.freeze', 'daemon.kill']);

/** undefined: it was forgotten meanwhile, or the machine died as it was written. */
async function readEntry(path: string): Promise<LedgerEntry | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LedgerEntry;
  } catch {
    return undefined;
  }
}

const folder = (lab: LabPaths): string => join(lab.directory, 'faults');
const file = (lab: LabPaths, name: string): string => join(folder(lab), `${name}.json`);
const text = (entry: LedgerEntry): string => `${JSON.stringify(entry, null, 2)}\n`;
