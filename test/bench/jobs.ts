/** Many scenarios, side by side against one after another. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { JsonReport } from '../../src/report/json.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import type { Bench, Measurement, MeasurementName, Outcome } from './contract.ts';

/** Short, and light enough that what is compared is the waiting of one for the other. */
const scenario = (topology: string, number: number): string => `name: short ${number}
topology: ${JSON.stringify(topology)}
seed: ${number}
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 60, heartbeat: 1s, timeout: 8s}
steady: {for: 1s}
timeline:
  - {at: 1s, name: crash, fault: node.crash, target: l4-1}
duration: 10s
expect:
  - held.broken == 0
`;

export const jobs: Measurement = {
  names: ['jobs', 'claims'],
  needsGuest: true,
  async run(bench, found) {
    for (const [name, batch] of batches) {
      if (bench.wanted.has(name)) await compare(bench, name, await batch(bench), found);
    }
  },
};

/** Scenarios to be run side by side, and one after another. */
interface Batch {
  readonly what: string;
  /** Lab folders, or scenario files. */
  readonly labs: readonly string[];
  /** So many labs, controls included, and more can't be at once. */
  readonly count: number;
  /** In milliseconds, for as many at once as there are processors. */
  readonly atMost?: number;
}

const batches: readonly (readonly [MeasurementName, (bench: Bench) => Promise<Batch>])[] = [
  ['jobs', shortScenarios],
  ['claims', claims],
];

async function shortScenarios(bench: Bench): Promise<Batch> {
  const count = Math.min(16, Math.max(4, availableParallelism()));
  const folder = join(bench.scratch, 'jobs');
  await mkdir(folder, { recursive: true });
  const topology = join(bench.root, 'topologies/three-tier.yaml');
  for (let number = 1; number <= count; number++)
    await writeFile(join(folder, `short-${number}.yaml`), scenario(topology, number));
  return { what: `${count} short scenarios`, labs: [folder], count };
}

/** The lessons of E1 to E12 as they are shipped, with their controls: those of the 2018 lab are beside them. */
async function claims(bench: Bench): Promise<Batch> {
  const folder = join(bench.root, 'labs');
  const lessons = (await readdir(folder)).sort().slice(0, 12);
  const files = await Promise.all(
    lessons.map(async (lesson) => {
      const scenarios = (await readdir(join(folder, lesson))).filter((file) => file.endsWith('.yaml'));
      return scenarios.map((file) => join(folder, lesson, file));
    }),
  );
  const labs = files.flat();
  return {
    what: `the ${labs.length} scenarios of E1 to E12 with controls`,
    labs,
    count: 2 * labs.length,
    atMost: 360_000,
  };
}

async function compare(
  bench: Bench,
  measurement: MeasurementName,
  batch: Batch,
  found: (outcome: Outcome) => void,
): Promise<void> {
  const cores = availableParallelism();
  const cli = await commandLine(bench);
  const alone = await runAll(bench, cli, batch, 1);
  const atOnce = Math.min(cores, batch.count);
  if (atOnce === 1) return found({ measurement, skipped: 'one processor runs one lab at a time' });
  const together = await runAll(bench, cli, batch, atOnce);
  const others = [...alone.others, ...together.others];
  const row = {
    measurement,
    what: `${batch.what}, --jobs ${atOnce}`,
    unit: 'ms',
    measured: together.ms,
    details: { alone, together },
    note: `${together.passed} of ${together.of} passed side by side, ${alone.passed} one after another; ${cores} processors${others.map((other) => `; ${other}`).join('')}`,
  } as const;
  found({
    ...row,
    reference: { what: 'one after another', median: alone.ms },
    goal: { of: 'ratio', atMost: Number((1 / (0.6 * atOnce)).toFixed(3)) },
  });
  if (batch.atMost !== undefined) found({ ...row, goal: { of: 'measured', atMost: batch.atMost } });
}

/** A verdict is a verdict: what counts here is the time. How many could be believed is told beside it, and why others could not. */
async function runAll(
  bench: Bench,
  cli: CommandLine,
  { what, labs }: Batch,
  atOnce: number,
): Promise<{ ms: number; passed: number; of: number; others: readonly string[] }> {
  bench.report({ type: 'step', message: `${what}, ${atOnce} at a time` });
  const runs = join(bench.scratch, 'runs');
  const flags = ['--host', 'uml', '--runs', runs, '--jobs', String(atOnce)];
  const { ms, stdout } = await cli.run(['--format', 'json', 'test', ...labs, ...flags], {
    timeoutMs: 3_600_000,
    exitCodes: [0, 1, 5],
  });
  await rm(runs, { recursive: true });
  const { scenarios, failures = [] } = JSON.parse(stdout) as JsonReport;
  const others = [
    ...scenarios
      .filter(({ verdict }) => verdict !== 'pass')
      .map(({ name, verdict, reasons, expectations }) => {
        const missed = expectations.filter((each) => each.verdict !== 'pass');
        const why = missed.map(({ expression, actual }) => `${expression} was ${actual}`);
        return `"${name}" ${verdict}: ${[...reasons, ...why].join(', ')}`;
      }),
    ...failures.map(({ name, message }) => `"${name}": ${message}`),
  ];
  return {
    ms,
    passed: scenarios.length + failures.length - others.length,
    of: scenarios.length + failures.length,
    others,
  };
}
