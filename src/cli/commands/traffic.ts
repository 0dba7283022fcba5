import { spawn } from 'node:child_process';
import { createReadStream, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, InputError, WorldError } from '../../base/errors.ts';
import { type Family, familyOf } from '../../base/ip.ts';
import { suggest } from '../../base/suggest.ts';
import { formatDuration } from '../../base/units.ts';
import { until } from '../../base/until.ts';
import { tagOf } from '../../hosts/process-tag.ts';
import type { LabPaths } from '../../lab/index.ts';
import type { ScenarioTraffic } from '../../scenario/index.ts';
import type { Plan } from '../../topology/index.ts';
import { isKept, readTraffic, type TrafficByHand, writeTraffic } from '../../traffic/index.ts';
import { formatMeasured, judge, metricUnit, parseHistory } from '../../verdict/index.ts';
import type { Context } from '../context.ts';
import { findLab } from '../labs.ts';
import { table } from '../table.ts';

interface StartFlags {
  readonly lab?: string;
  readonly connections?: number;
  /** Requests a second. */
  readonly rate?: number;
  /** ms */
  readonly heartbeat: number;
  readonly timeout: number;
  readonly from?: string;
  readonly to?: string;
  readonly family?: Family;
  readonly seed: number;
}

/** Starts traffic in the background, and waits until all connections stand. It goes on until `traffic stop`. */
export async function startTraffic(context: Context, flags: StartFlags): Promise<number> {
  const { lab, plan } = await findLab(flags.lab, 'daemons');
  const before = await readTraffic(lab);
  if (before !== undefined && (await isKept(before)))
    throw new WorldError(`there is traffic on lab ${lab.name} already`, {
      code: 'traffic-exists',
      exitCode: 4,
      hint: 'end it with `tierlab traffic stop`',
    });
  const traffic = wanted(plan, flags);
  const folder = join(lab.directory, 'traffic');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const startedAt = Date.now();
  const history = join(folder, `${new Date(startedAt).toISOString().replaceAll(/[:.]/g, '')}.jsonl`);
  await writeTraffic(lab, { traffic, seed: flags.seed, history, startedAt });
  await beginKeeper(lab, folder, context);
  const standing = await figures(history);
  context.printJson({ lab: lab.name, history, ...standing });
  context.print(`Traffic is under way: ${describe(traffic)}.`);
  context.print('  tierlab traffic status      how it fares\n  tierlab traffic stop        end it');
  return exitCodes.pass;
}

/** How the traffic fares: the judge's own figures, over all the time since it stood. */
export async function trafficStatus(context: Context, flags: { readonly lab?: string }): Promise<number> {
  const { lab } = await findLab(flags.lab, 'daemons');
  const known = await requireTraffic(lab);
  await show(context, lab, known, (await isKept(known)) ? 'under way' : 'stopped');
  return exitCodes.pass;
}

/** Ends the traffic by plan, and shows how it fared. */
export async function stopTraffic(context: Context, flags: { readonly lab?: string }): Promise<number> {
  const { lab } = await findLab(flags.lab, 'daemons');
  const known = await requireTraffic(lab);
  if (known.keeper !== undefined && (await isKept(known))) process.kill(known.keeper.pid, 'SIGTERM');
  await until(async () => ({ ok: !(await isKept(known)), saw: 'it is still running' }), {
    withinMs: endMs,
    why: 'the traffic to end',
    code: 'traffic-stuck',
    signal: context.signal,
  });
  await show(context, lab, known, 'stopped');
  return exitCodes.pass;
}

async function requireTraffic(lab: LabPaths): Promise<TrafficByHand> {
  const known = await readTraffic(lab);
  if (known !== undefined) return known;
  throw new WorldError(`there is no traffic on lab ${lab.name}`, {
    code: 'no-traffic',
    exitCode: 4,
    hint: 'start some with `tierlab traffic start --connections 100`',
  });
}

async function show(
  context: Context,
  lab: LabPaths,
  { traffic, history, startedAt }: TrafficByHand,
  state: 'under way' | 'stopped',
): Promise<void> {
  const { metrics, events } = await figures(history);
  context.printJson({ lab: lab.name, state, startedAt, traffic, history, metrics, events });
  context.print(`Traffic on lab ${lab.name}: ${state}, ${describe(traffic)}`);
  const rows = Object.entries(metrics).flatMap(([name, values]) =>
    Object.entries(values)
      .filter(
        ([path, value]) => value !== null && !/^(own_share|collateral|connections|survived)$/.test(path),
      )
      .map(([path, value]) => [name, path, formatMeasured(value ?? 0, metricUnit(path) ?? 'count')]),
  );
  context.print(table(['TRAFFIC', 'METRIC', 'SINCE IT STOOD'], rows));
  context.print(`history: ${history}`);
}

/** Nothing was expected, so there is no verdict: only what was measured. */
async function figures(
  history: string,
): Promise<Pick<Awaited<ReturnType<typeof judge>>, 'metrics'> & { readonly events: readonly unknown[] }> {
  const { metrics, timeline } = await judge(parseHistory(createReadStream(history)));
  return { metrics, events: timeline };
}

/** How long traffic may take to end. */
const endMs = 25_000;

/** A process of its own that outlives this one. Its tag lets `down` find it. */
async function beginKeeper(lab: LabPaths, folder: string, { signal, report }: Context): Promise<void> {
  const logFile = join(folder, 'keeper.log');
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, [process.argv[1] ?? '', '__traffic', lab.name], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...tagOf(lab) },
    cwd: '/',
  });
  child.unref();
  const ended = { code: undefined as number | null | undefined };
  child.on('exit', (code) => {
    ended.code = code;
  });
  report({ type: 'step', message: 'starting the traffic' });
  try {
    await until(
      async () => {
        const history = (await readTraffic(lab))?.history ?? '';
        const text = await readFile(history, 'utf8').catch(() => '');
        const phase = /"type":"phase".*"phase":"(timeline|not-steady|interrupted)".*/.exec(text)?.[0];
        if (phase === undefined && ended.code === undefined) return { ok: false, saw: 'it is coming up' };
        return { ok: true, saw: phase ?? '' };
      },
      { withinMs: 120_000, everyMs: 100, why: 'all traffic to stand', code: 'traffic-stuck', signal },
    ).then(async ({ saw }) => {
      if (saw.includes('"timeline"')) return;
      const said = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-4);
      throw new WorldError('the traffic did not come up', {
        code: 'traffic-failed',
        exitCode: 4,
        details: [...(saw === '' ? [] : [saw]), ...said].filter((line) => line !== ''),
      });
    });
  } catch (error) {
    if (ended.code === undefined) {
      child.kill('SIGTERM');
      // Or the next one would meet it, on its way out.
      await until(async () => ({ ok: ended.code !== undefined, saw: 'it is still running' }), {
        withinMs: endMs,
        why: 'the traffic to end',
      }).catch(() => undefined);
    }
    throw error;
  }
}

function wanted(plan: Plan, flags: StartFlags): readonly ScenarioTraffic[] {
  const { connections, rate, heartbeat, timeout } = flags;
  const clients = [...new Set(plan.nodes.filter(({ kind }) => kind === 'client').map(({ group }) => group))];
  const services = [...new Set(plan.services.map(({ name }) => name))];
  const from = choose('client group', flags.from, clients);
  const to = choose('service', flags.to, services);
  const families = plan.services.filter(({ name }) => name === to).map(({ vip }) => familyOf(vip));
  const family = choose('family', flags.family, families) as Family;
  if (connections === undefined && rate === undefined) {
    const hint = 'say --connections 100, --rate 50, or both';
    throw new InputError([{ file: 'command line:', message: 'which traffic?', hint }]);
  }
  const held: ScenarioTraffic = {
    type: 'held-tcp',
    name: 'held',
    from,
    to,
    family,
    connections: connections ?? 0,
    heartbeatMs: heartbeat,
    timeoutMs: timeout,
    uploadBytes: 256,
    downloadBytes: 256,
  };
  const requests: ScenarioTraffic = {
    type: 'http',
    name: 'requests',
    from,
    to,
    family,
    ratePerSecond: rate ?? 0,
    timeoutMs: Math.min(timeout, 2000),
  };
  return [...(connections === undefined ? [] : [held]), ...(rate === undefined ? [] : [requests])];
}

function choose(what: string, name: string | undefined, known: readonly string[]): string {
  const chosen = name ?? known[0];
  if (chosen !== undefined && known.includes(chosen)) return chosen;
  const message = chosen === undefined ? `the lab has no ${what}` : `unknown ${what} "${chosen}"`;
  throw new InputError([
    { file: 'command line:', message, hint: suggest(chosen ?? '', known, `known ${what}s`) },
  ]);
}

const describe = (traffic: readonly ScenarioTraffic[]): string =>
  traffic
    .map((spec) =>
      spec.type === 'held-tcp'
        ? `${spec.connections} connections, a heartbeat every ${formatDuration(spec.heartbeatMs)}`
        : `${spec.ratePerSecond} requests a second`,
    )
    .join(' and ');
