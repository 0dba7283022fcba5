/** The real programs as child processes on loopback: the backends' server and the traffic generator. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';
import { until } from '../../../src/base/until.ts';
import { openerScript } from '../../../src/kinds/web/opener.ts';
import type { HeldJob, HttpJob, TrafficJob, TrafficLine } from '../../../src/traffic/contract.ts';

export interface Programs {
  readonly directory: string;
  startBackends(addresses: Readonly<Record<string, string>>): Promise<Backends>;
  startTraffic(job: TrafficJob): Promise<Traffic>;
  remove(): Promise<void>;
}

export interface Backends {
  readonly port: number;
  readonly socket: string;
  readonly process: ChildProcess;
}

export interface Traffic {
  readonly lines: readonly TrafficLine[];
  readonly process: ChildProcess;
  of<T extends TrafficLine['type']>(type: T): Extract<TrafficLine, { type: T }>[];
  /** Waits until this many lines of a type are there. */
  see(type: TrafficLine['type'], count?: number): Promise<void>;
  /** @returns its exit code */
  stop(): Promise<number | null>;
}

/** Bundles both programs as the product does, into a folder of their own. */
export async function buildPrograms(): Promise<Programs> {
  const directory = await mkdtemp(join(tmpdir(), 'tierlab-programs-'));
  const inputs = { web: 'src/kinds/web/server.ts', traffic: 'src/traffic/generator.ts' };
  for (const [name, input] of Object.entries(inputs)) {
    await build({
      input: { [name]: input },
      platform: 'node',
      logLevel: 'warn',
      output: { dir: directory, format: 'esm', minify: 'dce-only', codeSplitting: false },
    });
  }
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(join(directory, 'opener.pl'), openerScript);
  const children: ChildProcess[] = [];
  let serial = 0;
  return {
    directory,
    async startBackends(addresses) {
      const list = join(directory, `list-${++serial}`);
      const socket = join(directory, `web-${serial}.sock`);
      const port = await freePort();
      const rows = Object.entries(addresses).map(([node, address]) => `${node}\t${address}\t${port}\t-\n`);
      await writeFile(list, rows.join(''));
      const command = [
        join(directory, 'opener.pl'),
        list,
        process.execPath,
        join(directory, 'web.js'),
        list,
        socket,
      ];
      const child = spawn('perl', command, { stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      await Promise.race([once(child.stdout, 'data'), failure(child)]);
      return { port, socket, process: child };
    },
    async startTraffic(job) {
      const file = join(directory, `job-${++serial}.json`);
      await writeFile(file, JSON.stringify(job));
      const child = spawn(process.execPath, [join(directory, 'traffic.js'), file], { stdio: 'pipe' });
      children.push(child);
      return listen(child);
    },
    async remove() {
      for (const child of children) child.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A held job of flows from 127.77.0.1 with phases spread over a period. */
export function heldJob(
  address: string,
  port: number,
  count: number,
  options: Partial<HeldJob> = {},
): HeldJob {
  const heartbeatMs = options.heartbeatMs ?? 100;
  const flows = Array.from({ length: count }, (_, flow) => ({
    flow,
    address: '127.77.0.1',
    port: 20_000 + flow,
    phaseMs: (flow * heartbeatMs) / count,
  }));
  const target = { address, port, service: 'web' };
  return {
    name: 'held',
    target,
    heartbeatMs,
    timeoutMs: 1000,
    uploadBytes: 64,
    downloadBytes: 48,
    seed: 1,
    flows,
    ...options,
  };
}

export function httpJob(address: string, port: number, options: Partial<HttpJob> = {}): HttpJob {
  const sources = {
    base: '127.78.0.1',
    addresses: 100,
    firstPort: 10_000,
    ports: 51_000,
    offset: 7,
    stride: 1_234_567,
  };
  const target = { address, port, service: 'web' };
  return {
    name: 'requests',
    target,
    path: '/',
    ratePerSecond: 100,
    phaseMs: 0,
    timeoutMs: 1000,
    maxOutstanding: 2000,
    sources,
    ...options,
  };
}

export function job(held: readonly HeldJob[], http: readonly HttpJob[] = []): TrafficJob {
  return { node: 'client', rampPerSecond: 1000, limitMs: 30_000, held, http };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function failure(child: ChildProcess): Promise<never> {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  throw new Error(text);
}

function listen(child: ChildProcess): Traffic {
  const lines: TrafficLine[] = [];
  let rest = '';
  let complaints = '';
  child.stdout?.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part));
  });
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const closed = once(child, 'close');
  const of = <T extends TrafficLine['type']>(type: T) =>
    lines.filter((line): line is Extract<TrafficLine, { type: T }> => line.type === type);
  return {
    lines,
    process: child,
    of,
    see: async (type, count = 1) => {
      const probe = () => ({ ok: of(type).length >= count, saw: `${of(type).length} ${complaints}` });
      await until(probe, { withinMs: 10_000, everyMs: 10, why: `${count} lines "${type}"` });
    },
    stop: async () => {
      child.stdin?.write('stop\n');
      const [code] = await closed;
      return code;
    },
  };
}
