/** Carries a change out on a lab that is up. New nodes are there before old ones go. */
import { dirname, join } from 'node:path';
import { WorldError } from '../base/errors.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { LabChange } from './change.ts';
import { assertUnchanging, endChange } from './change-record.ts';
import { labView } from './lab-view.ts';
import { untilItLeadsOn } from './leads-on.ts';
import type { LiveLab } from './live.ts';
import type { NodeChange } from './node-change.ts';
import { logFile, nodePaths } from './paths.ts';
import { plumbChange } from './plumbing/index.ts';
import { probeNode, waitForNodes } from './ready.ts';
import { removeNode, soleProcesses } from './remove-node.ts';
import { requirementsOf } from './up.ts';
import { makeFolders } from './write-files.ts';
import { writeInside } from './write-inside.ts';

interface CarryOutOptions {
  readonly signal?: AbortSignal | undefined;
  /** Nodes that were ready before the change began, and are to be again. */
  readonly ready: ReadonlySet<string>;
  /** How long a node may take for it. */
  readonly withinMs: number;
  /** New nodes run, and nobody sends them anything yet. */
  readonly onJoin: (nodes: readonly PlannedNode[]) => Promise<void>;
}

/** @throws WorldError (exit code 4) with all that stands in the way; nothing is touched */
export async function assertChangeable(lab: LiveLab, { refusals, changed }: LabChange): Promise<void> {
  await assertUnchanging(lab.paths);
  const found = (await Promise.all(changed.map((change) => obstacles(lab, change)))).flat();
  if (refusals.length + found.length === 0) return;
  const { name } = lab.paths;
  throw new WorldError(`lab "${name}" cannot be changed like that while it is up`, {
    code: 'not-changeable',
    exitCode: 4,
    details: [...refusals, ...found],
    hint:
      refusals.length > 0
        ? `make it anew: \`tierlab down ${name}\`, then \`tierlab up\``
        : 'undo that first: `tierlab fault list` shows what was done by hand',
  });
}

/**
 * Makes the new nodes, lets the others take up what is new, removes what is to go, and waits until
 * the new nodes are ready, and those that were ready before. A node that is dead takes it up when it is started again.
 * Expects the change to have been begun, and ends it.
 * @returns what the new nodes say of themselves, and who took something up
 */
export async function carryOut(
  lab: LiveLab,
  { after, added, removed, changed, files }: LabChange,
  { ready, withinMs, signal, onJoin }: CarryOutOptions,
): Promise<string> {
  const running = await namesOf(lab.plan.nodes, (node) => isRunning(lab, node));
  const alterations = changed.filter(({ node }) => running.has(node.name));
  const known = new Set(lab.plan.nodes.map(({ kind }) => kind));
  if (added.some(({ kind }) => !known.has(kind)))
    await lab.host.loadModules(requirementsOf(after, lab.options).modules);
  await writeNew(lab, added, files);
  const { argv, input } = plumbChange({ added, changed: alterations }, after, lab.paths, lab.options);
  await lab.step(`changing lab ${lab.paths.name}`, argv, { input, timeoutMs: 60_000 });
  const leaving = await Promise.all(
    removed.map(async (node) => ({ node, others: await soleProcesses(lab, node) })),
  );
  await lab.adopt(after);
  // Who needs no neighbour to be ready is to be so before anybody sends it anything.
  const alone = added.filter(({ peers }) => peers.length === 0);
  await waitForNodes(lab, alone, { readyWithinMs: withinMs, signal });
  if (added.length > 0) await onJoin(added);
  const view = labView(lab);
  const takeUp = (some: readonly NodeChange[]): Promise<unknown> =>
    Promise.all(some.map(({ node, files: was }) => lab.kindOf(node).reload?.(view, node, was)));
  const leading = added.filter((node) => lab.kindOf(node).leadsOn !== undefined);
  const isBefore = ({ node }: NodeChange): boolean => leading.some((each) => standsBefore(node, each));
  await takeUp(alterations.filter((change) => !isBefore(change)));
  await Promise.all(leading.map((node) => untilItLeadsOn(lab, node, signal)));
  await takeUp(alterations.filter(isBefore));
  for (const { node, others } of leaving) await removeNode(lab, node, others);
  await endChange(lab.paths);
  const isNew = ({ name }: PlannedNode): boolean => added.some((node) => node.name === name);
  const awaited = after.nodes.filter((node) => ready.has(node.name) || isNew(node));
  const said = await waitForNodes(lab, awaited, { readyWithinMs: withinMs, signal });
  const told = alterations.map(({ node }) => node.name).join(', ');
  return [
    ...said.filter((_, i) => awaited[i] !== undefined && isNew(awaited[i])),
    ...removed.map(({ name }) => `${name} is gone`),
    ...(told === '' ? [] : [`taken up by ${told}`]),
  ].join('; ');
}

/** Nearer to the clients: it sends flows on to the other one. */
const standsBefore = (node: PlannedNode, other: PlannedNode): boolean =>
  node.tier !== undefined && other.tier !== undefined && node.tier < other.tier;

/** Names of the nodes that are ready now. */
export function readyNodes(lab: LiveLab): Promise<ReadonlySet<string>> {
  return namesOf(lab.plan.nodes, async (node) => (await probeNode(lab, node)).ok);
}

/** What has been done to a node that its change would undo, or that keeps it from taking the change up. */
async function obstacles(lab: LiveLab, { node, files }: NodeChange): Promise<string[]> {
  const daemons = await lab.daemons(node);
  if (daemons.some(({ state }) => state === 'stopped')) return [`${node.name} is frozen`];
  const folder = nodePaths(lab.paths, node.name, lab.options.programs).files;
  const altered = await Promise.all(
    Object.entries(files).map(async ([name, was]) => {
      const is = await lab.host.readFile(join(folder, name));
      return is === was
        ? []
        : [
            `${node.name} has another ${name} than the lab came up with: it is drained, or a fault is under way`,
          ];
    }),
  );
  return altered.flat();
}

async function writeNew(
  lab: LiveLab,
  added: readonly PlannedNode[],
  files: LabChange['files'],
): Promise<void> {
  const ofLogs = added.map(({ name }) => dirname(logFile(lab.paths, name, 'any')));
  const folders = new Set([...[...files.keys()].map((file) => dirname(file)), ...ofLogs]);
  await makeFolders(folders);
  await writeInside(lab.host, files);
}

const isRunning = async (lab: LiveLab, node: PlannedNode): Promise<boolean> =>
  (await lab.daemons(node)).every(({ state }) => state === 'running');

async function namesOf(
  nodes: readonly PlannedNode[],
  holds: (node: PlannedNode) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const all = await Promise.all(nodes.map(holds));
  return new Set(nodes.filter((_, i) => all[i]).map(({ name }) => name));
}
