import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { WorldError } from '../base/errors.ts';
import { limit } from '../base/limit.ts';
import type { Report } from '../base/progress.ts';
import { formatDuration } from '../base/units.ts';
import { type Probe, until } from '../base/until.ts';
import type { Host, HostKind, Requirements } from '../hosts/contract.ts';
import type { Kind } from '../kinds/contract.ts';
import type { Plan } from '../topology/types.ts';
import { askServices } from './asker.ts';
import { LiveLab } from './live.ts';
import type { LabPaths } from './paths.ts';
import { directoriesOf, type PlumbingOptions, plumbLab } from './plumbing/index.ts';
import { findLacking, kindsOf, type Lacking } from './plumbing-only.ts';
import { watchingProcessor } from './processor-time.ts';
import { assertDaemonsLive, probeNode, probesAtOnce, waitForNodes, withLogs } from './ready.ts';
import { whileItLasts, withWhatRanOut } from './run-out.ts';
import { claimLab, isAlive, type LabState, ownIdentity, readState, writeState } from './state.ts';
import { writeFiles } from './write-files.ts';
import { writePlan } from './written-plan.ts';

export interface UpOptions extends PlumbingOptions {
  readonly hostKind: HostKind;
  readonly topologyFile: string;
  /** Of a guest. Default: the host's, and more for many nodes. */
  readonly memoryMb?: number;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** How long a node may take to turn ready. Default 30 s, and a second more for each node beyond a dozen. */
  readonly readyWithinMs?: number;
  /** No daemons, and none of what the kernel lacks: `lacking` in the state says what. */
  readonly plumbingOnly?: boolean;
  /** Called at the end of each phase: `host`, `files`, `plumbing`, `ready`. */
  readonly endPhase?: (name: string) => void;
}

/**
 * Brings a lab up: state on disk, the host, the plumbing, the daemons, and then every node's own readiness and
 * that of the chain as a whole. Tears nothing down when it fails: that is the caller's, who may want to look at it.
 * @returns the live lab, or `already` if one of that name is there
 * @throws WorldError exit code 3 or 4
 */
export async function bringUp(plan: Plan, lab: LabPaths, given: UpOptions): Promise<LiveLab | 'already'> {
  const { hostKind, report, signal, plumbingOnly = false } = given;
  if (!(await claimLab(lab))) return await explainExisting(lab);
  let state: LabState = {
    format: 1,
    id: lab.id,
    name: lab.name,
    host: hostKind.name,
    topologyFile: given.topologyFile,
    created: new Date().toISOString(),
    phase: 'creating',
    creator: await ownIdentity(),
  };
  await writeState(lab, state);
  let host: Host | undefined;
  try {
    host = await hostKind.open({
      lab,
      report,
      signal,
      neededMb: mbPerNode * plan.nodes.length,
      ...(given.memoryMb === undefined ? {} : { memoryMb: given.memoryMb }),
    });
    const opened = host;
    if (plumbingOnly) state = { ...state, lacking: await lackingOn(opened, plan, given) };
    const live = await whileItLasts(opened, signal, (lasting) =>
      fillHost(opened, plan, lab, { ...given, signal: lasting, lacking: state.lacking }),
    );
    await writeState(lab, { ...state, phase: 'up' });
    return live;
  } catch (error) {
    await writeState(lab, { ...state, phase: 'failed' }).catch(() => undefined);
    throw await withWhatRanOut(error, host, lab);
  }
}

/** On a host that is open: modules, files, plumbing, and the wait until all is ready. */
async function fillHost(
  host: Host,
  plan: Plan,
  lab: LabPaths,
  given: UpOptions & { readonly lacking: Lacking | undefined },
): Promise<LiveLab> {
  const { hostKind, report, signal, plumbingOnly = false, endPhase = () => undefined } = given;
  const options = {
    ...given,
    kinds: kindsOf(given.kinds, given.lacking),
    readyWithinMs: given.readyWithinMs ?? 30_000 + 1000 * Math.max(0, plan.nodes.length - 12),
  };
  await host.loadModules(requirementsOf(plan, options).modules);
  endPhase('host');
  const live = new LiveLab(lab, plan, host, options);
  const lanes = Math.min(options.lanes, hostKind.processors());
  const argv = await writeLab(plan, lab, { ...options, lanes });
  endPhase('files');
  report({
    type: 'step',
    message: `plumbing ${plan.nodes.length} nodes on ${plan.networks.length} networks`,
  });
  await watchingProcessor(host, async () => {
    await live.step('plumbing', argv, { timeoutMs: 60_000 + plan.nodes.length * 1000, signal });
    endPhase('plumbing');
    if (plumbingOnly) return;
    report({ type: 'step', message: 'waiting for an answer through every VIP' });
    await waitForChain(live, options);
    report({ type: 'step', message: 'waiting for every node to be ready' });
    await waitForNodes(live, plan.nodes, options);
    endPhase('ready');
  });
  return live;
}

/** A guest takes only what it uses, so this is on the safe side of what a node's daemons need. */
const mbPerNode = 20;

/** What can be loaded is loaded first; what cannot be is found to be lacking. */
async function lackingOn(host: Host, plan: Plan, { kinds }: PlumbingOptions): Promise<Lacking> {
  await host.loadModules(requirementsOf(plan, { kinds }).modules).catch((error: unknown) => {
    if (!(error instanceof WorldError) || error.code !== 'module-missing') throw error;
  });
  return findLacking(plan, kinds, host);
}

/** @returns what makes the lab of it */
async function writeLab(plan: Plan, lab: LabPaths, options: PlumbingOptions): Promise<readonly string[]> {
  const { files, argv } = plumbLab(plan, lab, options);
  await writeFile(lab.plan, writePlan(plan), { mode: 0o600 });
  await writeFiles(directoriesOf(files, plan, lab, options), files);
  return argv;
}

/** What the kinds of a plan ask of a host, and the plumbing itself. */
export function requirementsOf(plan: Plan, { kinds }: Pick<PlumbingOptions, 'kinds'>): Requirements {
  const names = [...new Set(plan.nodes.map(({ kind }) => kind))];
  const { modules, programs } = requirementsOfKinds(names.flatMap((name) => kinds[name] ?? []));
  const further = plan.nodes.flatMap((node) => kinds[node.kind]?.modulesOf?.(node) ?? []);
  return { modules: [...new Set([...modules, ...further])], programs };
}

export function requirementsOfKinds(kinds: readonly Kind[]): Requirements {
  const programs = [...plumbingPrograms, ...kinds.flatMap((kind) => kind.programs)];
  return {
    modules: [...new Set(['veth', 'bridge', ...kinds.flatMap((kind) => kind.modules)])],
    programs: [...new Map(programs.map((program) => [program.command, program])).values()],
  };
}

const plumbingPrograms = [
  { command: 'ip', debianPackage: 'iproute2' },
  { command: 'perl', debianPackage: 'perl-base' },
  { command: 'nsenter', debianPackage: 'util-linux' },
] as const;

async function explainExisting(lab: LabPaths): Promise<'already'> {
  const state = await stateSoon(lab);
  if (state?.phase === 'up') return 'already';
  const creating = state?.phase === 'creating' && (await isAlive(state.creator));
  throw new WorldError(
    creating
      ? `lab "${lab.name}" is being brought up by process ${state.creator.pid}`
      : `there are remains of a lab "${lab.name}" that did not come up`,
    {
      code: 'lab-exists',
      exitCode: 4,
      hint: creating
        ? 'wait for it, or give a second lab another name with --lab'
        : `remove them with \`tierlab down ${lab.name}\``,
    },
  );
}

/** Whoever has just claimed a lab writes its state a moment later. */
async function stateSoon(lab: LabPaths): Promise<LabState | undefined> {
  const isThere = async (): Promise<Probe> => ({ ok: (await readState(lab)) !== undefined, saw: 'none' });
  await until(isThere, { withinMs: 500, everyMs: 20, why: `the state of lab ${lab.name}` }).catch(
    () => undefined,
  );
  return readState(lab);
}

/**
 * One process asks for the chain as a whole, which costs less than asking every node again and again while all of them
 * are starting. Meanwhile the daemons are watched; and if there is no answer, the nodes are asked why.
 */
async function waitForChain(live: LiveLab, options: UpOptions): Promise<void> {
  const over = new AbortController();
  const watched = watchDaemons(live, over.signal);
  try {
    await Promise.race([askServices(live, options), watched]);
  } catch (error) {
    if (error instanceof WorldError && error.code === 'service-not-ready') await blameNode(live, options);
    throw error;
  } finally {
    over.abort();
    await watched.catch(() => undefined);
  }
}

/**
 * Names the first node that is not ready as the reason why the chain does not answer. All are asked at once: where nothing
 * answers any more each takes its time.
 */
async function blameNode(live: LiveLab, { readyWithinMs = 30_000 }: UpOptions): Promise<void> {
  const { nodes } = live.plan;
  const inTurn = limit(probesAtOnce);
  const probes = await Promise.all(nodes.map((node) => inTurn(() => probeNode(live, node))));
  for (const [i, node] of nodes.entries()) {
    const { ok = true, saw = '' } = probes[i] ?? {};
    if (ok) continue;
    const message = `waited ${formatDuration(readyWithinMs)} for: node ${node.name} (${node.kind}) to be ready`;
    const error = new WorldError(message, {
      code: 'node-not-ready',
      exitCode: 4,
      details: [`last seen: ${saw}`],
    });
    throw await withLogs(error, live, node);
  }
}

/** Rejects when a daemon exits; resolves when `signal` aborts. In a lab of many nodes a round takes long: the pauses are longer. */
async function watchDaemons(live: LiveLab, signal: AbortSignal): Promise<void> {
  for (let tookMs = 0; !signal.aborted; ) {
    await delay(Math.max(1000, 4 * tookMs), undefined, { signal }).catch(() => undefined);
    const start = performance.now();
    for (const node of live.plan.nodes) {
      if (signal.aborted) return;
      await assertDaemonsLive(live, node).catch(async (error: unknown) => {
        throw await withLogs(error, live, node);
      });
    }
    tookMs = performance.now() - start;
  }
}

/** Connects to a lab that is up already. */
export async function attach(
  lab: LabPaths,
  plan: Plan,
  hostKind: HostKind,
  options: PlumbingOptions,
): Promise<LiveLab> {
  const host: Host = await hostKind.connect(lab);
  return new LiveLab(lab, plan, host, options);
}
