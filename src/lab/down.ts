import { readdir, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { exists } from '../base/exists.ts';
import { until } from '../base/until.ts';
import type { HostKind } from '../hosts/contract.ts';
import { findTagged } from '../hosts/process-tag.ts';
import { isLabName, type LabPaths, netnsName, runtimeRoot, tierlabHome } from './paths.ts';
import { forgetLab, labNames, readState } from './state.ts';

/**
 * Removes a lab, whatever state it is in: found by its id alone, so that it works after a crash at any moment.
 * Idempotent. @returns false if there was nothing
 * @param endPhase called at the end of each phase: `host`, `processes`, `namespaces`, `files`
 */
export async function bringDown(
  lab: LabPaths,
  hostKinds: readonly HostKind[],
  endPhase: (name: string) => void = () => undefined,
): Promise<boolean> {
  const state = await readState(lab);
  const namespaces = await ownNamespaces(lab);
  const tagged = await findTagged(lab.id);
  const isThere = await exists(lab.directory);
  if (!isThere && namespaces.length === 0 && tagged.length === 0) return false;

  // With its state lost, it may have been any host's: each destroys only what carries the id.
  for (const kind of hostKinds) {
    if (state === undefined || state.host === kind.name) await kind.destroy(lab);
  }
  endPhase('host');
  await endProcesses(lab);
  endPhase('processes');
  await removeNamespaces(lab, namespaces, hostKinds);
  endPhase('namespaces');
  if (process.getuid?.() === 0) await rm(lab.runtime, { recursive: true, force: true });
  await forgetLab(lab);
  endPhase('files');
  return true;
}

/**
 * Names of labs of this home that something is left of although their folders are gone: told by their processes, and on a
 * native host by the links of their nodes.
 */
export async function strayLabs(home = tierlabHome()): Promise<string[]> {
  const labs = join(home, 'labs');
  const folders = [...(await findTagged()).map(({ folder }) => folder), ...(await linkedFolders())];
  const names = folders.filter((folder) => dirname(folder) === labs).map((folder) => basename(folder));
  const known = await labNames(home);
  return [...new Set(names)].filter((name) => isLabName(name) && !known.includes(name)).sort();
}

/** Folders of labs that nodes on this machine have links to. */
async function linkedFolders(): Promise<string[]> {
  const runtimes = await readdir(runtimeRoot).catch(() => []);
  const folders = await Promise.all(
    runtimes.map(async (id) => {
      const [node] = await readdir(join(runtimeRoot, id)).catch(() => []);
      if (node === undefined) return [];
      const files = await readlink(join(runtimeRoot, id, node, 'files')).catch(() => undefined);
      // <folder of the lab>/nodes/<node>
      return files === undefined ? [] : [dirname(dirname(files))];
    }),
  );
  return folders.flat();
}

/** Namespaces on this machine that carry the lab's id. */
async function ownNamespaces(lab: LabPaths): Promise<string[]> {
  const names = await readdir('/run/netns').catch(() => []);
  return names.filter((name) => name.startsWith(netnsName(lab, '')));
}

async function endProcesses(lab: LabPaths): Promise<void> {
  await until(
    async () => {
      const left = await findTagged(lab.id);
      for (const { pid } of left) killIfThere(pid);
      return { ok: left.length === 0, saw: `processes ${left.map(({ pid }) => pid).join(', ')}` };
    },
    { withinMs: 5000, everyMs: 10, why: `the processes of lab ${lab.name} to end`, code: 'processes-left' },
  );
}

async function removeNamespaces(
  lab: LabPaths,
  namespaces: readonly string[],
  hostKinds: readonly HostKind[],
): Promise<void> {
  const native = hostKinds.find(({ name }) => name === 'native');
  if (namespaces.length === 0 || native === undefined) return;
  const host = await native.connect(lab);
  const input = namespaces.map((name) => `netns del ${name}\n`).join('');
  const { exitCode, stderr } = await host.exec(['ip', '-force', '-batch', '-'], {
    input,
    timeoutMs: 60_000 + namespaces.length * 50,
  });
  await host.disconnect();
  const left = await ownNamespaces(lab);
  if (left.length === 0) return;
  throw new WorldError(`could not remove ${left.length} namespaces of lab ${lab.name}`, {
    code: 'namespaces-left',
    exitCode: 4,
    details: [
      `exit code ${exitCode}`,
      ...stderr.trim().split('\n').slice(-4),
      `left: ${left.slice(0, 5).join(', ')}`,
    ],
    hint: process.getuid?.() === 0 ? 'try again' : 'they belong to root: use sudo',
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}
