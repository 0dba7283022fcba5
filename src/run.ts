/**
 * The experiment, on one screen:
 *   1 plan and bring the lab up        4 play the timeline, recording
 *   2 start the traffic                5 stop the traffic, save the logs, tear down
 *   3 wait for the steady state        6 judge the saved history
 * once as written and, if the scenario has a control, once more with the protection off.
 */
import { setMaxListeners } from 'node:events';
import { createReadStream } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Defer } from './base/defer.ts';
import { Interrupted, WorldError } from './base/errors.ts';
import type { Limit } from './base/limit.ts';
import type { Report } from './base/progress.ts';
import { formatDuration } from './base/units.ts';
import { until } from './base/until.ts';
import { modulesOf, rolledNames } from './faults/index.ts';
import { playTimeline } from './faults/timeline.ts';
import type { HostName } from './hosts/contract.ts';
import { chooseHost, hostKinds } from './hosts/index.ts';
import { kinds, kindTable } from './kinds/index.ts';
import {
  bringDown,
  bringUp,
  environmentOf,
  type LabPaths,
  type LiveLab,
  labPaths,
  type Programs,
  requirementsOf,
} from './lab/index.ts';
import { askWays, contestedFlows, type ExecIn, foretell, waysTaken, withSightings } from './oracle/index.ts';
import { type FlowInTrouble, keepPackets, openRings } from './packets/index.ts';
import { describeEntry, plansOver, type Scenario, scaled, type TimelineEntry } from './scenario/index.ts';
import { measureTypes, neededBy, type Plan, planTopology, type Topology } from './topology/index.ts';
import {
  heldFlows,
  NodeWatch,
  openRecorder,
  PathWatch,
  SteadyWatch,
  startTraffic,
  type TrafficSession,
  type Trouble,
  TroubleWatch,
  trafficJobs,
} from './traffic/index.ts';
import type { HistoryEvent, NodeSpec, RunEvent } from './verdict/history.ts';
import {
  asksOracle,
  type Judgement,
  judge,
  judgeScenario,
  parseHistory,
  type ScenarioResult,
  stallOf,
} from './verdict/index.ts';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly topology: Topology;
  /** Name of the labs it makes: `<name>` and `<name>-control`. */
  readonly labName: string;
  readonly host: HostName | 'auto';
  /** Empty folder for the history, logs and verdict. */
  readonly runDirectory: string;
  readonly programs: Programs;
  readonly version: string;
  /** Leave the lab of the main run up. */
  readonly keep: boolean;
  readonly lanes: number;
  /** Keep the packets of so many flows of each traffic that break or stall. Absent: capture none. */
  readonly packetsOfFlows?: number;
  readonly memoryMb?: number;
  /** Of its two labs, each waits here for its turn. */
  readonly atOnce: Limit;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * The control does not wait for the run: where there is room for both, they take place side by side, each in a lab of its own.
 * @throws WorldError if a lab does not come up, Interrupted after teardown if the signal aborts
 */
export async function runScenario(options: RunOptions): Promise<ScenarioResult> {
  const { scenario, topology, runDirectory, labName } = options;
  await mkdir(runDirectory, { recursive: true, mode: 0o700 });
  let isBroken = false;
  const inTurn = (role: 'main' | 'control', of: Topology, lab: LabPaths): Promise<Judgement | undefined> =>
    options.atOnce(async () => {
      if (options.signal.aborted) throw new Interrupted('interrupted');
      // Half a scenario gives no verdict: the other half is not begun.
      if (isBroken) return undefined;
      try {
        return await experiment(role, of, lab, options);
      } catch (error) {
        isBroken = true;
        throw error;
      }
    });
  const runs = [inTurn('main', topology, labPaths(labName))];
  const { control: weakened } = scenario;
  if (weakened !== undefined) runs.push(inTurn('control', weakened.topology, labPaths(`${labName}-control`)));
  const ends = await Promise.allSettled(runs);
  const [main, control] = ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
  if (main === undefined) throw new Error('a run that was not begun has failed');
  return judgeScenario({
    name: scenario.name,
    file: scenario.file,
    runDir: runDirectory,
    main,
    ...(control === undefined ? {} : { control }),
  });
}

/** Judges a saved run again. */
export async function judgeRun(
  runDirectory: string,
  roles: readonly ('main' | 'control')[],
  file: string,
): Promise<ScenarioResult> {
  const judgements = await Promise.all(roles.map((role) => judgeHistory(historyFile(runDirectory, role))));
  const [main, control] = judgements;
  if (main === undefined) throw new Error('a run has a main history');
  return judgeScenario({
    name: main.scenario,
    file,
    runDir: runDirectory,
    main,
    ...(control === undefined ? {} : { control }),
  });
}

export const historyFile = (runDirectory: string, role: 'main' | 'control'): string =>
  join(runDirectory, `${role}.jsonl`);

async function experiment(
  role: 'main' | 'control',
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
    await observe(role, live, recorder.record, defer, options);
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
  role: 'main' | 'control',
  topologyFile: string,
  defer: Defer,
  options: RunOptions,
): Promise<LiveLab> {
  const requirements = requirementsOf(plan, { kinds });
  const ofFaults = modulesOf(timelineOf(options.scenario, role));
  const modules = [...new Set([...requirements.modules, ...ofFaults])];
  const hostKind = await chooseHost(options.host, { ...requirements, modules });
  // A lab of a test belongs to that test: what an earlier one left behind is removed first.
  if (await bringDown(lab, hostKinds))
    options.report({ type: 'warning', message: `removed what was left of lab ${lab.name}` });
  const keep = options.keep && role === 'main';
  defer.add(`lab ${lab.name}`, async () => {
    await cp(join(lab.directory, 'logs'), join(options.runDirectory, `${role}-logs`), {
      recursive: true,
    }).catch(() => undefined);
    await cp(join(lab.directory, 'console.log'), join(options.runDirectory, `${role}-console.log`)).catch(
      () => undefined,
    );
    if (!keep || options.signal.aborted) await bringDown(lab, hostKinds);
  });
  const live = await bringUp(plan, lab, {
    kinds,
    hostKind,
    topologyFile,
    programs: options.programs,
    lanes: options.lanes,
    report: options.report,
    signal: options.signal,
    ...(options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb }),
  });
  if (live === 'already')
    throw new WorldError(`lab ${lab.name} is up already`, {
      code: 'lab-exists',
      exitCode: 4,
      hint: `tierlab down ${lab.name}`,
    });
  defer.add('the connection to the host', () => live.host.disconnect());
  // Now rather than in the middle of the measurement.
  await live.host.loadModules(ofFaults);
  return live;
}

/** Steps 2 to 5 on a lab that is up. */
async function observe(
  role: 'main' | 'control',
  live: LiveLab,
  record: (event: HistoryEvent) => void,
  defer: Defer,
  options: RunOptions,
): Promise<void> {
  const { scenario, report, signal } = options;
  record(await describeRun(role, live, options));
  record({ type: 'phase', t: now(), phase: 'warm-up' });
  const steady = new SteadyWatch();
  const watch = new PathWatch(live, record, now);
  const nodeWatch = new NodeWatch(live, record, now);
  const rings = options.packetsOfFlows === undefined ? undefined : await openRings(live);
  if (rings !== undefined) defer.add('the rings of packets', () => rings.remove());
  report({ type: 'step', message: 'starting the traffic' });
  const jobs = trafficJobs(scenario.traffic, live.plan, scenario.seed, {
    // The control has the same connections, whatever its L4 nodes do.
    isContested: contestedFlows(planTopology(options.topology, kindTable)),
    rampPerSecond: rampPerSecond[live.host.name],
  });
  const flows = heldFlows(jobs);
  const exec: ExecIn = (node, argv, given) => live.exec(node, [...politely, ...argv], given);
  const ask = (some: typeof flows, lenient: boolean) => askWays(live.plan, some, exec, { lenient });
  const trouble = new TroubleWatch({
    flows,
    record,
    now,
    stallMs: (traffic) => {
      const spec = scenario.traffic.find(({ name }) => name === traffic);
      return spec?.type === 'held-tcp' ? stallOf(spec) : Number.POSITIVE_INFINITY;
    },
    sighting: (client) => watch.sighting(client),
    askWays: async (some) => waysTaken(live.plan, some, await ask(some, true)),
  });
  const onEvent = (event: HistoryEvent): void => {
    record(event);
    steady.see(event, now());
    trouble.see(event);
  };
  const sessions = await Promise.all(jobs.map((job) => startTraffic(live, job, onEvent)));
  const died = Promise.race(sessions.map((session) => session.died));

  // Ways do not change until something happens: routers are asked while the connections settle.
  const ways = ask(flows, false);
  ways.catch(() => undefined);
  const reached = await Promise.race([died, waitForSteady(sessions, steady, scenario, signal)]);
  record({
    type: 'phase',
    t: now(),
    phase: reached ? 'steady' : 'not-steady',
    ...(reached ? {} : { detail: steady.lastTrouble }),
  });
  if (reached) {
    watch.start(1000);
    defer.add('the path watch', () => watch.stop());
    nodeWatch.start(asksNodes(scenario, plansOf(scenario, role, live.plan)) ? 500 : 1000);
    defer.add('the node watch', () => nodeWatch.stop());
    await Promise.all([watch.look(), nodeWatch.look()]);
    if (asksOracle(expectationsOf(scenario, role))) {
      const timeline = timelineOf(scenario, role);
      const plans = plansOf(scenario, role, live.plan);
      const seen = ways.then((known) => withSightings(known, flows, (client) => watch.sighting(client)));
      for (const event of await foretell({ ...scenario, timeline }, plans, flows, {
        ways: seen,
        exec,
        now,
      }))
        record(event);
    }
    trouble.begin(
      await ways.then(
        (known) => waysTaken(live.plan, flows, known),
        () => new Map(),
      ),
    );
    const start = now();
    record({ type: 'phase', t: start, phase: 'timeline' });
    report({
      type: 'step',
      message: `steady; playing the timeline (${formatDuration(scenario.durationMs)})`,
    });
    const say = (event: HistoryEvent): void => {
      record(event);
      if (event.type === 'fault') {
        report({
          type: event.landed ? 'detail' : 'warning',
          message: `${event.name} (${event.fault} ${event.action} ${event.targets.join(', ')}): ${event.landed ? 'landed' : 'did NOT land'}: ${event.evidence}`,
        });
      }
    };
    const lateMs = await Promise.race([
      died,
      playTimeline(live, timelineOf(scenario, role), {
        start,
        now,
        record: say,
        before: () => watch.look(),
        seed: scenario.seed,
        scaled: (plan, tier, by) => scaled(plan, tier, by, kindTable),
        signal,
      }),
    ]);
    await Promise.race([
      died,
      delay(Math.max(0, start + lateMs + scenario.durationMs - now()), undefined, { signal }),
    ]);
    await Promise.all([watch.look(), nodeWatch.look()]);
    record({ type: 'phase', t: now(), phase: 'end' });
  }
  report({ type: 'step', message: 'stopping the traffic' });
  await Promise.all(sessions.map((session) => session.stop()));
  await trouble.finish(live);
  if (rings === undefined) return;
  const keep = {
    plan: live.plan,
    runDirectory: options.runDirectory,
    folder: `${role}-pcap`,
    most: options.packetsOfFlows ?? 0,
    application: `tierlab ${options.version}`,
    now,
    report,
  };
  try {
    const flowsInTrouble = trouble.troubles().map(flowOf(live.plan));
    for (const event of await keepPackets(await rings.stop(), flowsInTrouble, keep)) record(event);
  } catch (error) {
    // The verdict does not rest on them.
    report({ type: 'warning', message: `no packets are kept: ${String((error as Error).message)}` });
  }
}

const flowOf =
  ({ services }: Plan) =>
  ({ flow: { traffic, flow, address, port, service }, ...rest }: Trouble): FlowInTrouble => {
    const servicePort = services.find(({ name }) => name === service)?.port ?? 0;
    return { traffic, flow, address, port, servicePort, ...rest };
  };

/** Whatever else is under way goes first. */
const politely = ['nice', '-n', '19'];

async function waitForSteady(
  sessions: readonly TrafficSession[],
  steady: SteadyWatch,
  { steady: wanted }: Scenario,
  signal: AbortSignal,
): Promise<boolean> {
  const failed = (): boolean => steady.lost || sessions.some((session) => session.opening() === 'failed');
  const probe = (): { ok: boolean; saw: string } => {
    if (sessions.every((session) => session.opening() === 'ready')) steady.allOpen(now());
    return { ok: failed() || steady.wellFor(now()) >= wanted.forMs, saw: steady.lastTrouble };
  };
  try {
    await until(probe, {
      withinMs: wanted.withinMs,
      everyMs: 50,
      why: 'the steady state',
      signal,
      code: 'not-steady',
    });
    return !failed();
  } catch (error) {
    if (error instanceof WorldError && error.code === 'not-steady') return false;
    throw error;
  }
}

async function describeRun(
  role: 'main' | 'control',
  live: LiveLab,
  { scenario, version }: RunOptions,
): Promise<HistoryEvent> {
  const kernel = (await live.host.readFile('/proc/sys/kernel/osrelease')).trim();
  return {
    type: 'run',
    t: now(),
    tierlab: version,
    format: 1,
    scenario: scenario.name,
    role,
    lab: live.paths.name,
    host: live.host.name,
    kernel,
    seed: scenario.seed,
    traffic: scenario.traffic,
    expect: expectationsOf(scenario, role),
    nodes: describeNodes(plansOf(scenario, role, live.plan)),
    ...(await environmentOf(live)),
    ...(role === 'control' && scenario.control !== undefined ? differences(scenario, scenario.control) : {}),
    steadyForMs: scenario.steady.forMs,
    durationMs: scenario.durationMs,
    timeline: timelineOf(scenario, role).flatMap((entry) =>
      namesOf(entry, live.plan).map((name) => ({ atMs: entry.atMs, name, what: describeEntry(entry) })),
    ),
  };
}

/** Every node that is there at some time. */
function describeNodes(plans: readonly Plan[]): NodeSpec[] {
  const specs = plans.flatMap((plan) =>
    plan.nodes.map((node): [string, NodeSpec] => {
      const { name, group: tier, kind } = node;
      return [name, { name, tier, needs: neededBy(node, plan), measures: measureTypes(kindTable[kind]) }];
    }),
  );
  return [...new Map(specs).values()];
}

/** What the lab is, one after another, while the timeline is played. */
const plansOf = (scenario: Scenario, role: 'main' | 'control', plan: Plan): readonly Plan[] =>
  plansOver(timelineOf(scenario, role), plan, kindTable);

/** Is an expectation about a node or a tier? Then they are asked more often. */
function asksNodes({ expect, control }: Scenario, plans: readonly Plan[]): boolean {
  const names = new Set(plans.flatMap(({ nodes }) => nodes.flatMap(({ name, group }) => [name, group])));
  return [...expect, ...(control?.expect ?? [])].some(({ expression }) =>
    names.has(expression.trim().split('.')[0] ?? ''),
  );
}

const expectationsOf = ({ expect, control }: Scenario, role: 'main' | 'control'): readonly string[] =>
  (role === 'main' ? expect : (control?.expect ?? [])).map(({ expression }) => expression);

/** Names of all that an entry puts on record. */
const namesOf = (entry: TimelineEntry, plan: Plan): string[] =>
  entry.action === 'rolling' ? rolledNames(entry, plan) : [entry.name];

const timelineOf = ({ timeline, control }: Scenario, role: 'main' | 'control'): Scenario['timeline'] =>
  role === 'control' && control !== undefined ? control.timeline : timeline;

/** How the control differs from the main run. */
const differences = (
  { topologyFile }: Scenario,
  { topology, set, skip, replace }: NonNullable<Scenario['control']>,
): Pick<RunEvent, 'topology' | 'set' | 'skip'> => ({
  ...(resolve(topology.file) === topologyFile ? {} : { topology: topology.name }),
  set: { ...set, ...replace },
  ...(skip.length === 0 ? {} : { skip }),
});

const judgeHistory = (file: string): Promise<Judgement> => judge(parseHistory(createReadStream(file)));

/** Held connections opened a second: opening one costs a guest, with its one CPU, as much as ten heartbeats. */
const rampPerSecond: Readonly<Record<HostName, number>> = { uml: 100, native: 1000 };

/** Milliseconds since the epoch with fractions. */
const now = (): number => performance.timeOrigin + performance.now();
