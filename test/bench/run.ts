/**
 * The bench: measures what the product promises, each figure beside its reference, and shows which goals are reached. It
 * judges nothing: its exit code is 0 unless a measurement crashed (1) or it was interrupted (130).
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { Defer } from '../../src/base/defer.ts';
import type { Progress } from '../../src/base/progress.ts';
import { chain } from './chain.ts';
import { whyNoGuest } from './command-line.ts';
import {
  type Bench,
  type Measurement,
  type MeasurementName,
  measurementNames,
  type Outcome,
} from './contract.ts';
import { held } from './held.ts';
import { jobs } from './jobs.ts';
import { judging, table } from './judging.ts';
import { large } from './large.ts';
import { describeMachine } from './machine.ts';
import { mininet } from './mininet.ts';
import { page } from './page.ts';
import { reference } from './reference.ts';
import { scale } from './scale.ts';
import { silence } from './silent-death.ts';
import { star } from './star.ts';
import { startUp } from './start-up.ts';
import { crash, steady } from './survival.ts';
import { describeOutcomes, ratioOf, reaches } from './table.ts';

const measurements: readonly Measurement[] = [
  star,
  mininet,
  scale,
  startUp,
  chain,
  large,
  reference,
  silence,
  steady,
  crash,
  jobs,
  held,
  judging,
  table,
  page,
];

interface Options {
  readonly only?: readonly MeasurementName[];
  readonly repeats: number;
  readonly large: boolean;
  readonly format: 'text' | 'json';
  readonly json?: string;
  readonly dist?: string;
}

/** The bundle is in node_modules/.cache/tierlab. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  const started = new Date().toISOString();
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => abort.abort());
  const defer = new Defer();
  const outcomes: Outcome[] = [];
  try {
    const scratch = await mkdtemp(join(tmpdir(), 'tierlab-bench-'));
    defer.add('the scratch folder', () => rm(scratch, { recursive: true, force: true }));
    const bench: Bench = {
      root,
      dist: resolve(options.dist ?? join(root, 'dist')),
      scratch,
      id: randomBytes(3).toString('hex'),
      wanted: new Set(options.only ?? measurementNames.filter((name) => options.large || name !== 'claims')),
      repeats: options.repeats,
      large: options.large,
      report,
      signal: abort.signal,
      defer,
    };
    for (const measurement of measurements) await attempt(measurement, bench, outcomes);
  } finally {
    for (const { what, error } of await defer.run()) {
      report({ type: 'warning', message: `could not remove ${what}: ${messageOf(error)}` });
    }
  }
  if (outcomes.length > 0) await show(outcomes, started, options);
  if (abort.signal.aborted) return 130;
  return outcomes.some((outcome) => 'crashed' in outcome) ? 1 : 0;
}

/** A measurement that crashes does not keep the others from being made. */
async function attempt(measurement: Measurement, bench: Bench, outcomes: Outcome[]): Promise<void> {
  const wanted = measurement.names.filter((candidate) => bench.wanted.has(candidate));
  const [name] = wanted;
  if (name === undefined || bench.signal.aborted) return;
  const skipped = measurement.needsGuest ? whyNoGuest() : undefined;
  if (skipped !== undefined) {
    outcomes.push(...wanted.map((each) => ({ measurement: each, skipped })));
    return;
  }
  try {
    await measurement.run(bench, (outcome) => outcomes.push(outcome));
  } catch (error) {
    if (bench.signal.aborted) return;
    outcomes.push({ measurement: name, crashed: messageOf(error) });
    report({ type: 'warning', message: `${name} crashed: ${messageOf(error)}` });
  }
}

async function show(outcomes: readonly Outcome[], started: string, { format, json }: Options): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const document = {
    format: 1,
    started,
    machine: await describeMachine(version),
    results: outcomes.map((outcome) => {
      if (!('measured' in outcome)) return outcome;
      const ok = reaches(outcome);
      return {
        ...outcome,
        ...(outcome.reference === undefined ? {} : { ratio: ratioOf(outcome) }),
        ...(ok === undefined ? {} : { ok }),
      };
    }),
  };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (json !== undefined) await writeFile(json, text);
  process.stdout.write(format === 'json' ? text : describeOutcomes(outcomes, process.stdout.isTTY === true));
}

function parse(argv: readonly string[]): Options {
  return new Command('bench')
    .description('Measures what tierlab promises, each figure beside its reference.')
    .addOption(new Option('--only <name...>', 'only these measurements').choices(measurementNames))
    .addOption(new Option('--repeats <count>', 'samples of each side').default(5).argParser(Number))
    .option('--large', 'also a star of 1,000 namespaces, and claims, which take half an hour', false)
    .addOption(
      new Option('--format <format>', 'what is printed on stdout').choices(['text', 'json']).default('text'),
    )
    .option('--json <file>', 'also write the JSON document to a file')
    .option('--dist <folder>', 'the built command line to measure (default: dist)')
    .parse([...argv])
    .opts<Options>();
}

function report({ type, message }: Progress): void {
  process.stderr.write(`${type === 'warning' ? 'warning: ' : ''}${message}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
