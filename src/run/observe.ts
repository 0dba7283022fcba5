/** What a lab that is up is put through, and what is recorded of it. */
import { now } from '../base/clock.ts';
import type { Defer } from '../base/defer.ts';
import { WorldError } from '../base/errors.ts';
import { formatDuration } from '../base/units.ts';
import { until } from '../base/until.ts';
import type { HostName } from '../hosts/contract.ts';
import { kindTable } from '../kinds/index.ts';
import type { LiveLab } from '../lab/index.ts';
import { askWays, contestedFlows, type ExecIn, waysTaken } from '../oracle/index.ts';
import { type FlowInTrouble, keepPackets, openRings } from '../packets/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { type Plan, planTopology } from '../topology/index.ts';
import {
  heldFlows,
  NodeWatch,
  PathWatch,
  SteadyWatch,
  startTraffic,
  type TrafficSession,
  type Trouble,
  TroubleWatch,
  trafficJobs,
} from '../traffic/index.ts';
import type { HistoryEvent } from '../verdict/history.ts';
import { stallOf } from '../verdict/index.ts';
import { describeRun } from './description.ts';
import type { Role, RunOptions } from './options.ts';
import { play } from './play.ts';

/** Steps 2 to 5 on a lab that is up. */
export async function observe(
  role: Role,
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
  if (reached)
    await play(role, live, { record, watch, nodeWatch, trouble, flows, ways, exec, died }, defer, options);
  report({ type: 'step', message: 'stopping the traffic' });
  await Promise.all(sessions.map((session) => session.stop()));
  const inTrouble = trouble.troubles().length;
  if (inTrouble > 0)
    report({
      type: 'step',
      message: `asking routers and proxies of ${inTrouble} flows that broke or stalled`,
    });
  const unsaid = await trouble.finish(live, sayWithinMs);
  if (unsaid !== undefined)
    report({
      type: 'warning',
      message: `waited ${formatDuration(sayWithinMs)} in vain for ${unsaid}: the report will know less of flows that broke or stalled`,
    });
  if (rings !== undefined) await savePackets(role, live, rings, trouble, record, options);
}

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
      // It asks nobody: the lab's processor has nothing to do with it.
      mostMs: 50,
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

async function savePackets(
  role: Role,
  live: LiveLab,
  rings: Rings,
  trouble: TroubleWatch,
  record: (event: HistoryEvent) => void,
  options: RunOptions,
): Promise<void> {
  const keep = {
    plan: live.plan,
    runDirectory: options.runDirectory,
    folder: `${role}-pcap`,
    most: options.packetsOfFlows ?? 0,
    application: `tierlab ${options.version}`,
    now,
    report: options.report,
  };
  try {
    const flowsInTrouble = trouble.troubles().map(flowOf(live.plan));
    for (const event of await keepPackets(await rings.stop(), flowsInTrouble, keep)) record(event);
  } catch (error) {
    // The verdict does not rest on them.
    options.report({ type: 'warning', message: `no packets are kept: ${String((error as Error).message)}` });
  }
}

type Rings = Awaited<ReturnType<typeof openRings>>;

const flowOf =
  ({ services }: Plan) =>
  ({ flow: { traffic, flow, address, port, service }, ...rest }: Trouble): FlowInTrouble => {
    const servicePort = services.find(({ name }) => name === service)?.port ?? 0;
    return { traffic, flow, address, port, servicePort, ...rest };
  };

/** A second, on a machine that has time; the verdict does not rest on it. */
const sayWithinMs = 30_000;

/** Whatever else is under way goes first. */
const politely = ['nice', '-n', '19'];

/** Held connections opened a second: opening one costs a guest, with its one CPU, as much as ten heartbeats. */
const rampPerSecond: Readonly<Record<HostName, number>> = { uml: 100, native: 1000 };
