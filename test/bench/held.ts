/**
 * What one traffic process carries where nothing is in its way: 20,000 held connections straight to the backends' process,
 * over the loopback device, one answer a second each. And what writing the history costs beside it.
 */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { until } from '../../src/base/until.ts';
import { openerScript } from '../../src/kinds/web/opener.ts';
import type { TrafficEvent, TrafficJob, TrafficLine, TrafficReport } from '../../src/traffic/contract.ts';
import { openRecorder } from '../../src/traffic/recorder.ts';
import type { Bench, Measurement } from './contract.ts';

const wanted = 20_000;
const backends = 4;
const seconds = 30;

export const held: Measurement = {
  names: ['held'],
  async run(bench, found) {
    const connections = Math.min(wanted, (await mostFiles()) - 200);
    bench.report({ type: 'step', message: `${connections} held connections for ${seconds} s` });
    const folder = join(bench.scratch, 'held');
    await mkdir(folder, { recursive: true });
    const network = `127.${Number.parseInt(bench.id.slice(0, 2), 16) || 1}`;
    await serve(bench, folder, network);
    const seen = await hold(
      bench,
      folder,
      jobFor(network, connections, await freePorts(connections / backends)),
    );
    const { ended, recorderCpuMs, stalled, longestMs, historyBytes, minutes } = seen;
    found({
      measurement: 'held',
      what: 'held connections that stand',
      unit: 'connections',
      measured: seen.standing,
      goal: { of: 'measured', above: connections - 1 },
      note: `the longest answer took ${Math.round(longestMs)} ms; the process was busy for ${Math.round((ended.cpuMs / seen.ranMs) * 100)} % of the time`,
    });
    found({
      measurement: 'held',
      what: 'stalled for more than 1 s',
      unit: 'connections',
      measured: stalled,
      goal: { of: 'measured', atMost: 0 },
    });
    found({
      measurement: 'held',
      what: 'recorder: processor time',
      unit: 'ms',
      measured: recorderCpuMs,
      reference: { what: 'the traffic process', median: ended.cpuMs },
      goal: { of: 'ratio', atMost: 0.1 },
    });
    found({
      measurement: 'held',
      what: 'history, per 1,000 connections and minute',
      unit: 'MB',
      measured: historyBytes / 1e6 / (connections / 1000) / minutes,
    });
  },
};

function jobFor(network: string, connections: number, ports: readonly number[]): TrafficJob {
  const target = (backend: number) => ({
    address: `${network}.0.${backend + 1}`,
    port: 8080,
    service: 'web',
  });
  const each = connections / backends;
  return {
    node: 'client',
    rampPerSecond: 2000,
    limitMs: 300_000,
    http: [],
    held: Array.from({ length: backends }, (_, backend) => ({
      name: `held-${backend}`,
      target: target(backend),
      heartbeatMs: 1000,
      timeoutMs: 5000,
      uploadBytes: 256,
      downloadBytes: 256,
      seed: 42,
      flows: Array.from({ length: each }, (_, flow) => ({
        flow,
        address: `${network}.${backend + 1}.${(flow % 200) + 1}`,
        port: ports[flow] ?? 0,
        phaseMs: ((flow * 7919) % each) * (1000 / each),
      })),
    })),
  };
}

/** A connection is a file, and beyond the hard limit only some may go. */
async function mostFiles(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files +\S+ +(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Ports that nobody on this machine has: what listens on all addresses listens on ours, too. */
async function freePorts(count: number): Promise<number[]> {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => ''));
  const lines = (await Promise.all(tables)).join('\n').split('\n');
  const taken = new Set(lines.map((line) => Number.parseInt(/^ *\d+: \w+:(\w+)/.exec(line)?.[1] ?? '', 16)));
  const ports: number[] = [];
  for (let port = 10_000; ports.length < count && port < 65_536; port++)
    if (!taken.has(port)) ports.push(port);
  return ports;
}

/** The product's own backends, all in one process as in a lab. */
async function serve({ dist, defer }: Bench, folder: string, network: string): Promise<void> {
  const opener = join(folder, 'opener.pl');
  const list = join(folder, 'web.list');
  await writeFile(opener, openerScript);
  await writeFile(
    list,
    Array.from({ length: backends }, (_, i) => `web-${i + 1}\t${network}.0.${i + 1}\t8080\t-\n`).join(''),
  );
  const argv = [opener, list, process.execPath, join(dist, 'web.js'), list, join(folder, 'web.sock')];
  const child = execa('perl', argv, { reject: false });
  defer.add('the backends', async () => {
    child.kill('SIGTERM');
    await child;
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => ({ ok: said.includes('serving'), saw: said || 'nothing' }), {
    withinMs: 10_000,
    everyMs: 20,
    why: 'the backends to listen',
  });
}

interface Seen {
  readonly standing: number;
  readonly stalled: number;
  readonly longestMs: number;
  readonly ended: Extract<TrafficReport, { type: 'ended' }>;
  readonly ranMs: number;
  readonly recorderCpuMs: number;
  readonly historyBytes: number;
  /** That the history spans, with all connections open. */
  readonly minutes: number;
}

async function hold({ dist, signal, defer }: Bench, folder: string, job: TrafficJob): Promise<Seen> {
  const file = join(folder, 'job.json');
  const history = join(folder, 'history.jsonl');
  await writeFile(file, JSON.stringify(job));
  const limit = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"';
  const started = performance.now();
  const child = execa('sh', ['-c', limit, 'traffic', process.execPath, join(dist, 'traffic.js'), file], {
    buffer: false,
    reject: false,
    cancelSignal: signal,
  });
  defer.add('the traffic', async () => {
    child.kill('SIGKILL');
    await child;
  });
  let ready = false;
  let trouble = '';
  let ended: Seen['ended'] | undefined;
  let chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    trouble += chunk.toString();
  });
  const lines: string[] = [];
  let rest = '';
  const read = (): void => {
    const text = rest + Buffer.concat(chunks).toString();
    chunks = [];
    const all = text.split('\n');
    rest = all.pop() ?? '';
    for (const line of all) {
      if (line.startsWith('{"type":"beat"') || line.startsWith('{"type":"open"')) {
        lines.push(line);
        continue;
      }
      const said = JSON.parse(line) as TrafficLine;
      if (said.type === 'ready') ready = true;
      else if (said.type === 'ended') ended = said;
      else if (said.type === 'not-ready') {
        const first = lines.find((each) => each.startsWith('{"type":"open-failed"'));
        trouble += `${said.failed} connections could not be opened, the first: ${first}`;
      } else lines.push(line);
    }
  };
  await until(
    () => {
      read();
      if (trouble !== '') throw new Error(`traffic: ${trouble.slice(0, 400)}`);
      return { ok: ready, saw: `${lines.length} lines` };
    },
    { withinMs: 120_000, everyMs: 200, why: 'all connections to be open', signal },
  );
  const before = lines.length;
  const from = performance.now();
  await until(
    () => {
      read();
      return { ok: performance.now() - from >= seconds * 1000, saw: `${lines.length} lines` };
    },
    { withinMs: seconds * 1000 + 10_000, everyMs: 200, why: 'the time to pass', signal },
  );
  const measured = lines.slice(before);
  const minutes = (performance.now() - from) / 60_000;
  child.stdin.write('stop\n');
  await until(
    () => {
      read();
      return { ok: ended !== undefined, saw: 'it is still running' };
    },
    { withinMs: 30_000, everyMs: 100, why: 'the traffic to end', signal },
  );
  const ranMs = performance.now() - started;
  if (ended === undefined) throw new Error('the traffic said no last word');
  const events = measured.map((line) => JSON.parse(line) as TrafficEvent);
  const longest = new Map<string, number>();
  for (const event of events)
    if (event.type === 'beat') {
      const key = `${event.traffic} ${event.flow}`;
      longest.set(key, Math.max(longest.get(key) ?? 0, event.ms));
    }
  // The recorder's part alone, over as many lines as the traffic process wrote in all its time: parse, and append.
  const cpu = process.cpuUsage();
  const recorder = await openRecorder(history);
  for (const line of lines) recorder.record(JSON.parse(line) as TrafficEvent);
  await recorder.close();
  const { user, system } = process.cpuUsage(cpu);
  const bytes = (await stat(history)).size * (measured.length / lines.length);
  await rm(history);
  return {
    standing: longest.size,
    stalled: [...longest.values()].filter((ms) => ms > 1000).length,
    longestMs: [...longest.values()].reduce((a, b) => Math.max(a, b), 0),
    ended,
    ranMs,
    recorderCpuMs: (user + system) / 1000,
    historyBytes: bytes,
    minutes,
  };
}
