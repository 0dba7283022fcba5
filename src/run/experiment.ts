/** One run of a scenario in a lab of its own, from nothing to its verdict; whatever happens, the lab is removed. */

import { setMaxListeners } from 'node:events';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { now } from '../base/clock.ts';
import { Defer } from '../base/defer.ts';
import { Interrupted, WorldError } from '../base/errors.ts';
import type { Report } from '../base/progress.ts';
import { modulesOf } from '../faults/index.ts';
import { chooseHost, hostKinds } from '../hosts/index.ts';
import { kinds, kindTable } from '../kinds/index.ts';
import {
  bringDown,
  bringUp,
  type LabPaths,
  type LiveLab,
  ownerOf,
  requirementsOf,
  strayLabs,
} from '../lab/index.ts';
import { type Plan, planTopology, type Topology } from '../topology/index.ts';
import { openRecorder } from '../traffic/index.ts';
import type { Judgement } from '../verdict/index.ts';
import { timelineOf } from './description.ts';
import { historyFile, judgeHistory } from './history-file.ts';
import { observe } from './observe.ts';
import type { Role, RunOptions } from './options.ts';

export async function experiment(
  role: Role,
  topology: Topology,
  lab: LabPaths,
  wanted: RunOptions,
): Promise<Judgement> {
  const report: Report = (progress) => wanted.report({ ...progress, lab: lab.name });
  const { runDirectory } = wanted;
  const defer = new Defer();
  const recorder = await openRecorder(historyFile(runDirectory, role));
  defer.add('the history', () => recorder.close());
  // What cannot be recorded need not take place.
  const unrecorded = new AbortController();
  void recorder.failed.then((why) => unrecorded.abort(why));
  const signal = AbortSignal.any([wanted.signal, unrecorded.signal]);
  setMaxListeners(0, signal);
  const options: RunOptions = { ...wanted, report, signal };
  const title = role === 'main' ? options.scenario.name : `control of: ${options.scenario.name}`;
  report({ type: 'step', message: `${title}: bringing the lab up` });
  try {
    const plan = planTopology(topology, kindTable);
    await writeFile(join(runDirectory, `${role}-plan.json`), `${JSON.stringify(plan, null, 2)}\n`);
    const live = await up(plan, lab, role, topology.file, defer, options);
    report({ type: 'step', message: 'every node is ready' });
    await options.turns.measured(async () => {
      signal.throwIfAborted();
      await observe(role, live, recorder.record, defer, options);
    });
  } catch (error) {
    recorder.record({
      type: 'phase',
      t: now(),
      phase: 'interrupted',
      detail: String((error as Error).message),
    });
    if (wanted.signal.aborted) throw new Interrupted('interrupted', { cause: error });
    throw unrecorded.signal.aborted ? unrecorded.signal.reason : error;
  } finally {
    for (const { what, error } of await defer.run()) {
      report({ type: 'warning', message: `could not clean up ${what}: ${String((error as Error).message)}` });
    }
    report({ type: 'end', message: 'torn down' });
  }
  // The last lines are written as it is closed.
  unrecorded.signal.throwIfAborted();
  return judgeHistory(historyFile(runDirectory, role));
}

async function up(
  plan: Plan,
  lab: LabPaths,
  role: Role,
  topologyFile: string,
  defer: Defer,
  options: RunOptions,
): Promise<LiveLab> {
  const requirements = requirementsOf(plan, { kinds });
  const ofFaults = modulesOf(timelineOf(options.scenario, role));
  const modules = [...new Set([...requirements.modules, ...ofFaults])];
  const hostKind = await chooseHost(options.host, { ...requirements, modules });
  const keep = options.keep && role === 'main';
  defer.add(`lab ${lab.name}`, async () => {
    if ((await ownerOf(lab)) !== undefined) return;
    await cp(join(lab.directory, 'logs'), join(options.runDirectory, `${role}-logs`), {
      recursive: true,
    }).catch(() => undefined);
    await cp(join(lab.directory, 'console.log'), join(options.runDirectory, `${role}-console.log`)).catch(
      () => undefined,
    );
    if (!keep || options.signal.aborted) await bringDown(lab, hostKinds);
  });
  const begin = (): Promise<LiveLab | 'already'> =>
    bringUp(plan, lab, {
      kinds,
      hostKind,
      topologyFile,
      programs: options.programs,
      lanes: options.lanes,
      report: options.report,
      signal: options.signal,
      ...(options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb }),
    });
  // Its folder may be gone while it ran.
  if ((await strayLabs()).includes(lab.name)) await removeRemains(lab, options.report);
  let live = await begin().catch((error: unknown): 'already' => {
    if (error instanceof WorldError && error.code === 'lab-exists') return 'already';
    throw error;
  });
  if (live === 'already') {
    await removeRemains(lab, options.report);
    live = await begin();
  }
  if (live === 'already') throw inUse(lab, 'another process');
  const { host } = live;
  defer.add('the connection to the host', () => host.disconnect());
  // Now rather than in the middle of the measurement.
  await host.loadModules(ofFaults);
  return live;
}

/** A lab of a test belongs to that test: what an earlier one left behind is removed. Of two tests that begin at once, one gets it. */
async function removeRemains(lab: LabPaths, report: Report): Promise<void> {
  const owner = await ownerOf(lab);
  if (owner !== undefined) throw inUse(lab, `process ${owner}`);
  await bringDown(lab, hostKinds);
  report({ type: 'warning', message: `removed what was left of lab ${lab.name}` });
}

const inUse = (lab: LabPaths, whom: string): WorldError =>
  new WorldError(`lab ${lab.name} belongs to ${whom}, which goes on with it`, {
    code: 'lab-in-use',
    exitCode: 4,
    hint: 'wait for it, or give this test a home of its own with TIERLAB_HOME',
  });
