/** Generated topologies of 50, 200 and 1,000 nodes, plumbed without daemons, beside what `ip` itself takes for the same. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { kindTable } from '../../src/kinds/index.ts';
import { labPaths, netnsName } from '../../src/lab/index.ts';
import {
  type Chain,
  generateTopology,
  type Plan,
  parseDocument,
  planTopology,
  topologyOf,
} from '../../src/topology/index.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import type { Bench, Measurement, Outcome } from './contract.ts';
import { kernelMemoryMb } from './kernel-memory.ts';
import { witness } from './links-gone.ts';
import { openPrivateRun, type PrivateRun } from './private-run.ts';
import { median, timed } from './samples.ts';
import { whyNotNative } from './star.ts';
import { writeReference } from './star-reference.ts';

/** Tiers in the same proportions; client and edge come to them. */
const topologies: readonly Chain[] = [
  { name: 's50', routers: 4, l4: 2, l7: 10, web: 32 },
  { name: 's200', routers: 4, l4: 10, l7: 40, web: 144 },
  { name: 's1000', routers: 4, l4: 50, l7: 200, web: 744 },
];

interface Size {
  readonly file: string;
  readonly plan: Plan;
  /** Begins the names of its namespaces. */
  readonly prefix: string;
  /** Scripts that make the same with `ip`. */
  readonly references: Readonly<Record<'ip -n -batch' | 'nsenter ip -batch', string>>;
  readonly seen: Seen;
}

/** Samples, in the order of time. */
interface Seen {
  readonly references: Record<string, number[]>;
  readonly plumbing: number[];
  readonly up: number[];
  readonly peakMb: number[];
  readonly kernelMb: number[];
  readonly down: number[];
  readonly plainDown: number[];
}

interface Tools {
  readonly bench: Bench;
  readonly cli: CommandLine;
  readonly run: PrivateRun;
}

export const scale: Measurement = {
  names: ['scale'],
  async run(bench, found) {
    const reason = whyNotNative();
    if (reason !== undefined) return found({ measurement: 'scale', skipped: reason });
    const cli = await commandLine(bench);
    const tools = { bench, cli, run: await openPrivateRun(bench) };
    const sizes = await Promise.all(topologies.map((sizes) => prepare(tools, sizes)));
    for (let turn = 1; turn <= bench.repeats; turn++) {
      bench.report({ type: 'step', message: `50, 200 and 1,000 nodes, ${turn} of ${bench.repeats}` });
      for (const size of sizes) await measure(tools, size);
    }
    for (const outcome of outcomesOf(sizes)) found(outcome);
  },
};

async function prepare({ bench, cli }: Tools, sizes: Chain): Promise<Size> {
  const text = generateTopology(sizes);
  const file = join(bench.scratch, `${sizes.name}.yaml`);
  await writeFile(file, text);
  const plan = planTopology(topologyOf(parseDocument(text, file), kindTable), kindTable);
  const prefix = netnsName(labPaths(sizes.name, cli.home), '');
  const reference = (enter: 'ip' | 'nsenter'): Promise<string> =>
    writeReference(plan, prefix, join(bench.scratch, `${sizes.name}-${enter}`), enter);
  return {
    file,
    plan,
    prefix,
    references: { 'ip -n -batch': await reference('ip'), 'nsenter ip -batch': await reference('nsenter') },
    seen: { references: {}, plumbing: [], up: [], peakMb: [], kernelMb: [], down: [], plainDown: [] },
  };
}

/** Everything once, one after another. */
async function measure(tools: Tools, size: Size): Promise<void> {
  const { seen, plan } = size;
  for (const [name, script] of Object.entries(size.references)) {
    const ms = await timed(() => inside(tools, ['sh', script]));
    await assertAll(tools, size);
    seen.references[name] = [...(seen.references[name] ?? []), ms];
    seen.plainDown.push(await removal(tools, size, () => plainDown(tools, size)));
  }
  const before = await kernelMemoryMb();
  const { stdout, ms } = await tools.cli.run(
    ['--format', 'json', 'up', size.file, '--host', 'native', '--plumbing-only'],
    { inside: tools.run.enter },
  );
  const { peakMb, phases } = JSON.parse(stdout) as { peakMb: number; phases: { name: string; ms: number }[] };
  seen.up.push(ms);
  seen.plumbing.push(phases.find(({ name }) => name === 'plumbing')?.ms ?? Number.NaN);
  seen.peakMb.push(peakMb);
  seen.kernelMb.push((await kernelMemoryMb()) - before);
  await assertAll(tools, size);
  seen.down.push(
    await removal(tools, size, () => tools.cli.run(['down', plan.name], { inside: tools.run.enter })),
  );
}

const inside = ({ bench, run }: Tools, argv: readonly string[], input = ''): Promise<{ stdout: string }> => {
  const [command = '', ...args] = [...run.enter, ...argv];
  return execa(command, args, { input, cancelSignal: bench.signal, timeout: 120_000 });
};

/** @throws Error if a cable or an address is missing: no time counts in which less was made */
async function assertAll(tools: Tools, { plan, prefix }: Size): Promise<void> {
  for (const { name, members } of plan.networks) {
    const argv = ['ip', '-n', `${prefix}${name}`, '-o', 'link', 'show', 'master', name, 'up'];
    const { stdout } = await inside(tools, argv);
    const plugged = stdout.split('\n').filter((line) => line.includes('state UP')).length;
    if (plugged !== members.length)
      throw new Error(`${plugged} of ${members.length} ports of ${name} are up`);
  }
  const last = plan.nodes.at(-1);
  const { stdout } = await inside(tools, ['ip', '-n', `${prefix}${last?.name}`, '-4', 'route']);
  if (!stdout.includes(' scope link ')) throw new Error(`${last?.name} has no route: ${stdout}`);
}

/** @returns ms until the last cable is gone */
async function removal(
  { run }: Tools,
  { plan, prefix }: Size,
  remove: () => Promise<unknown>,
): Promise<number> {
  const switches = plan.networks.map(({ name }) => `${run.folder}/netns/${prefix}${name}`);
  let ms = Number.NaN;
  await witness(switches, async ({ gone }) => {
    ms = await timed(async () => {
      await remove();
      await gone();
    });
  });
  return ms;
}

function plainDown(tools: Tools, { plan, prefix }: Size): Promise<unknown> {
  const names = [...plan.networks, ...plan.nodes].map(({ name }) => `netns del ${prefix}${name}\n`);
  return inside(tools, ['ip', '-batch', '-'], names.join(''));
}

function outcomesOf(sizes: readonly Size[]): Outcome[] {
  const [smallest, largest] = [sizes[0], sizes.at(-1)];
  if (smallest === undefined || largest === undefined) return [];
  const perNode = ({ plan }: Size, samples: readonly number[]): number => median(samples) / plan.nodes.length;
  return [
    ...sizes.map((size): Outcome => {
      const { seen, plan } = size;
      const [best] = Object.entries(seen.references)
        .map(([what, samples]) => ({ what, median: median(samples) }))
        .sort((a, b) => a.median - b.median);
      return {
        measurement: 'scale',
        what: `${plan.nodes.length} nodes plumbed`,
        unit: 'ms',
        measured: median(seen.plumbing),
        ...(best === undefined ? {} : { reference: best }),
        ...(size === largest ? { goal: { of: 'ratio', atMost: 1.3 } as const } : {}),
        samples: { tierlab: seen.plumbing, ...seen.references },
        note:
          `${perNode(size, seen.plumbing).toFixed(2)} ms a node, from nothing to plumbed ${(median(seen.up) / 1000).toFixed(2)} s; ` +
          `${((median(seen.kernelMb) / plan.nodes.length) * 1000).toFixed(0)} KB of the kernel's memory a node`,
      };
    }),
    ...(['plumbing', 'up'] as const).map(
      (what): Outcome => ({
        measurement: 'scale',
        what: `ms a node at 1,000, ${what === 'up' ? 'nothing to plumbed' : 'plumbing'}`,
        unit: 'ms',
        measured: perNode(largest, largest.seen[what]),
        reference: { what: 'at 50', median: perNode(smallest, smallest.seen[what]) },
        goal: { of: 'ratio', atMost: 1.2 },
        samples: { 'at 1,000': largest.seen[what], 'at 50': smallest.seen[what] },
      }),
    ),
    {
      measurement: 'scale',
      what: 'memory of the command, 1,000 nodes up',
      unit: 'MB',
      measured: median(largest.seen.peakMb),
      goal: { of: 'measured', atMost: 120 },
      samples: { tierlab: largest.seen.peakMb },
      note: sizes.map(({ plan, seen }) => `${plan.nodes.length} nodes ${median(seen.peakMb)} MB`).join(', '),
    },
    ...sizes.map(
      (size): Outcome => ({
        measurement: 'scale',
        what: `down of ${size.plan.nodes.length}, cables gone`,
        unit: 'ms',
        measured: median(size.seen.down),
        reference: { what: 'ip -batch, netns del', median: median(size.seen.plainDown) },
        ...(size === largest ? { goal: { of: 'ratio', atMost: 1.5 } as const } : {}),
        samples: { tierlab: size.seen.down, reference: size.seen.plainDown },
      }),
    ),
  ];
}
