/** The process behind `tierlab traffic`: it drives the traffic programs and writes the history until it is told to stop. */
import { now } from '../base/clock.ts';
import { exitCodes, WorldError } from '../base/errors.ts';
import { until } from '../base/until.ts';
import type { LiveLab } from '../lab/index.ts';
import { ownIdentity } from '../lab/index.ts';
import {
  openRecorder,
  PathWatch,
  type Recorder,
  readTraffic,
  SteadyWatch,
  startTraffic,
  type TrafficByHand,
  type TrafficSession,
  trafficJobs,
  writeTraffic,
} from '../traffic/index.ts';
import type { HistoryEvent } from '../verdict/history.ts';
import type { Context } from './context.ts';
import { withLab } from './labs.ts';

/** Runs until the signal aborts: that is how `traffic stop` ends it. */
export async function keepTraffic({ version, signal }: Context, labName: string): Promise<number> {
  return withLab(
    labName,
    async (live) => {
      const asked = await readTraffic(live.paths);
      if (asked === undefined) throw new Error('no traffic was asked for');
      const recorder = await openRecorder(asked.history);
      const unrecorded = new AbortController();
      void recorder.failed.then((why) => unrecorded.abort(why));
      recorder.record(await describe(live, asked, version));
      await writeTraffic(live.paths, { ...asked, keeper: await ownIdentity() });
      try {
        // What cannot be recorded is stopped, as by plan.
        await drive(live, asked, recorder, AbortSignal.any([signal, unrecorded.signal]));
        unrecorded.signal.throwIfAborted();
      } catch (error) {
        const detail = String((error as Error).message);
        recorder.record({ type: 'phase', t: now(), phase: 'interrupted', detail });
        throw error;
      } finally {
        await recorder.close();
      }
      return exitCodes.pass;
    },
    'daemons',
  );
}

async function drive(
  live: LiveLab,
  { traffic, seed }: TrafficByHand,
  { record }: Recorder,
  signal: AbortSignal,
): Promise<void> {
  const steady = new SteadyWatch();
  const watch = new PathWatch(live, record, now);
  const onEvent = (event: HistoryEvent): void => {
    record(event);
    steady.see(event, now());
  };
  record({ type: 'phase', t: now(), phase: 'warm-up' });
  const rampPerSecond = live.host.name === 'uml' ? 100 : 1000;
  const jobs = trafficJobs(traffic, live.plan, seed, { rampPerSecond, limitMs: weekMs });
  const sessions = await Promise.all(jobs.map((job) => startTraffic(live, job, onEvent)));
  const died = Promise.race(sessions.map((session) => session.died));
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([died, stopped, allOpen(sessions, steady)]);
  if (!signal.aborted) {
    record({ type: 'phase', t: now(), phase: 'steady' });
    watch.start(1000);
    await watch.look();
    record({ type: 'phase', t: now(), phase: 'timeline' });
    await Promise.race([died, stopped]);
    await watch.stop();
  }
  record({ type: 'phase', t: now(), phase: 'end' });
  await Promise.all(sessions.map((session) => session.stop()));
}

async function allOpen(sessions: readonly TrafficSession[], steady: SteadyWatch): Promise<void> {
  const opening = (): string[] => sessions.map((session) => session.opening());
  await until(() => ({ ok: !opening().includes('under way'), saw: steady.lastTrouble }), {
    withinMs: 100_000,
    why: 'all connections to open',
  });
  if (opening().includes('failed'))
    throw new WorldError(`not all connections could be opened: ${steady.lastTrouble}`, {
      code: 'traffic-failed',
      exitCode: 4,
    });
}

async function describe(
  live: LiveLab,
  { traffic, seed }: TrafficByHand,
  version: string,
): Promise<HistoryEvent> {
  return {
    type: 'run',
    t: now(),
    tierlab: version,
    format: 1,
    scenario: 'traffic by hand',
    role: 'main',
    lab: live.paths.name,
    host: live.host.name,
    kernel: (await live.host.readFile('/proc/sys/kernel/osrelease')).trim(),
    seed,
    traffic,
    expect: [],
    steadyForMs: 0,
    durationMs: weekMs,
    timeline: [],
  };
}

/** It ends by itself only if it is forgotten. */
const weekMs = 7 * 24 * 3_600_000;
