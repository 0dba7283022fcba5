/**
 * The traffic program: `node traffic.js JOB` in the client's namespace (see contract.ts). One process, one timer.
 * Exits with 0 after `stop`, 1 when it ran into its time limit or could not write, 2 when the job cannot be read.
 */

import { readFileSync } from 'node:fs';
import { now } from '../base/clock.ts';
import { endpoint } from '../base/ip.ts';
import { BatchClock, lagWatch, type Paced, pace, round } from './clock.ts';
import type { TrafficJob } from './contract.ts';
import type { Flow } from './flow.ts';
import { HeldTraffic } from './held.ts';
import { Journal } from './journal.ts';
import { HttpTraffic } from './requests.ts';

const [source = '-'] = process.argv.slice(2);
let text = '';
let running: ReturnType<typeof run> | undefined;
if (source !== '-') running = run(read(() => readFileSync(source, 'utf8')));

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  const lines = (text + chunk).split('\n');
  text = lines.pop() ?? '';
  for (const line of lines) {
    if (running === undefined) running = run(read(() => line));
    else if (line === 'stop') running.stop('stop');
    else process.stderr.write(`traffic: unknown command: ${line.slice(0, 100)}\n`);
  }
});
const stop = (): void => {
  if (running === undefined) process.exit(2);
  running.stop('stop');
};
process.stdin.on('end', stop).on('error', stop);
process.on('SIGTERM', stop).on('SIGINT', stop);

function read(job: () => string): TrafficJob {
  try {
    return JSON.parse(job());
  } catch (error) {
    return fail(2, `cannot read the job: ${error instanceof Error ? error.message : error}`);
  }
}

function run(job: TrafficJob): { stop(reason: 'stop' | 'limit'): void } {
  const journal = new Journal(1, (error) => fail(1, error.message));
  const record = journal.event.bind(journal);
  const buffer = Buffer.allocUnsafe(1 << 16);
  const clock = new BatchClock();
  const start = now();
  const held = job.held.map((held) => new HeldTraffic({ job: held, start, buffer, clock, record }));
  const busy = new Set(
    job.held.flatMap(({ flows }) => flows.map(({ address, port }) => endpoint(address, port))),
  );
  const http = job.http.map((spec) => new HttpTraffic(spec, start, buffer, busy, record));
  const flows = held.flatMap((traffic) => traffic.flows);
  const watch = lagWatch((t, ms) => record({ type: 'lag', t: round(t), ms: round(ms) }));
  const opening = [ramp(flows, start, job.rampPerSecond), watchOpening(flows, start, journal)];
  const halt = pace([...opening, ...held, ...http], watch);

  const limit = setTimeout(() => end('limit'), job.limitMs);
  let ending = false;
  const end = (reason: 'stop' | 'limit'): void => {
    if (!ending) void finish(reason).catch((error: Error) => fail(1, error.message));
    ending = true;
  };
  const finish = async (reason: 'stop' | 'limit'): Promise<void> => {
    clearTimeout(limit);
    for (const work of opening) work.stop();
    for (const traffic of http) traffic.stop();
    // Not all at once: requests are still being timed.
    for (const [i, flow] of flows.entries()) {
      flow.stop(now());
      if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    // Requests that are under way run to their ends, at the latest to their timeouts.
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (!http.every(({ idle }) => idle)) return;
        clearInterval(timer);
        resolve();
      }, 10);
    });
    halt();
    const { user, system } = process.cpuUsage();
    const cpuMs = (user + system) / 1000;
    journal.report({ type: 'ended', t: round(now()), reason, events: { ...journal.counts }, cpuMs });
    await journal.end();
    process.exit(reason === 'stop' ? 0 : 1);
  };
  return { stop: end };
}

/** Opens the flows one after the other, so many a second. */
function ramp(flows: readonly Flow[], start: number, perSecond: number): Paced & { stop(): void } {
  let next = 0;
  let stopped = false;
  const dueAt = (): number =>
    stopped || next >= flows.length ? Number.POSITIVE_INFINITY : start + (next * 1000) / perSecond;
  return {
    get due() {
      return dueAt();
    },
    run: (t) => {
      while (dueAt() <= t) flows[next++]?.open(t);
    },
    stop: () => {
      stopped = true;
    },
  };
}

/** Tells once a second how far the opening is, and at once when it is done. */
function watchOpening(flows: readonly Flow[], start: number, journal: Journal): Paced & { stop(): void } {
  let due = start;
  let said = start;
  return {
    get due() {
      return due;
    },
    run: (t) => {
      due = t + 20;
      const under = flows.filter(
        ({ state }) => state === 'new' || state === 'opening' || state === 'upgraded',
      ).length;
      if (under > 0 && t < said + 1000) return;
      said = t;
      const failed = flows.filter(({ state }) => state === 'failed').length;
      const counts = { t: round(t), open: flows.length - under - failed };
      if (under > 0) journal.report({ type: 'progress', ...counts, failed, of: flows.length });
      else if (failed > 0) journal.report({ type: 'not-ready', ...counts, failed });
      else journal.report({ type: 'ready', ...counts });
      if (under === 0) due = Number.POSITIVE_INFINITY;
    },
    stop: () => {
      due = Number.POSITIVE_INFINITY;
    },
  };
}

function fail(exitCode: number, message: string): never {
  process.stderr.write(`traffic: ${message}\n`);
  process.exit(exitCode);
}
