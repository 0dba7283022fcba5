import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostName } from '../../hosts/contract.ts';
import { reportJunit } from '../../report/index.ts';
import { runScenario } from '../../run/index.ts';
import { type Outcome, type PlannedRun, planRuns, runInOrder, type Turns } from '../batch.ts';
import type { Context } from '../context.ts';
import { asFailure, describeFailure } from '../failure.ts';
import { announceCleanup } from '../interrupt.ts';
import { jobsOf } from '../jobs.ts';
import { plumbingOptions } from '../labs.ts';
import { exitCodeOf } from '../outcome.ts';
import { writeOutput } from '../output-file.ts';
import { type ReporterName, saveVerdict, writeReports } from '../reports.ts';
import { printTogether } from '../reports-together.ts';
import { newRunDirectory } from '../run-directory.ts';
import { saveFailure } from '../saved-run.ts';
import { allScenarioFiles, furtherScenarios, loadLabs } from '../scenarios.ts';
import { parseShard, shareOf } from '../shard.ts';
import { sideBySide } from '../side-by-side.ts';

interface TestFlags {
  readonly host: HostName | 'auto';
  readonly memory?: number;
  readonly keep?: boolean;
  readonly pcap?: boolean;
  readonly pcapFlows: number | 'all';
  readonly seed?: number;
  readonly control: boolean;
  readonly jobs: number | 'auto';
  readonly repeat: number;
  readonly shard?: string;
  readonly runs: string;
  readonly junit?: string;
  readonly reporter?: readonly ReporterName[];
}

/** Runs scenarios, several at once if so asked. All files are checked before anything is created. */
export async function test(context: Context, labs: readonly string[], flags: TestFlags): Promise<number> {
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard, process.env);
  const files = await allScenarioFiles(labs);
  const all = planRuns(await loadLabs(files), flags.repeat);
  const mine = shard === undefined ? all : shareOf(all, shard);
  if (shard !== undefined) {
    const message = `shard ${shard.index} of ${shard.of}: ${mine.length} of ${all.length} runs`;
    context.report({ type: 'step', message });
  }
  // Now rather than after all runs, if it cannot be written; and an older one is not taken for theirs.
  await saveJunit(flags.junit, [], []);
  announceCleanup(context);
  const atOnce = jobsOf(flags.jobs);
  const report = atOnce.labs > 1 ? sideBySide(context) : context.report;
  const outcomes = await runInOrder(
    mine,
    atOnce,
    // Alone, an error is the command's own.
    (run, turns) => runOne({ ...context, report }, run, turns, flags, mine.length === 1),
    (outcome) => tell(context, outcome, flags),
  );
  const results = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
  const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? [outcome.failure] : []));
  await saveJunit(flags.junit, results, failures);
  printTogether(context, results, failures, flags.reporter);
  for (const lab of labs) {
    const others = (await furtherScenarios(lab)).filter((file) => !files.includes(file));
    if (others.length > 0) context.print(notRun(lab, others));
  }
  return exitCodeOf(results, failures);
}

/** A lab folder means its `scenario.yaml`: who expected more has to know. */
function notRun(folder: string, others: readonly string[]): string {
  const what = others.length === 1 ? 'another scenario' : `${others.length} other scenarios`;
  return `${folder} holds ${what}, not run now: tierlab test ${others.join(' ')}`;
}

async function runOne(
  context: Context,
  { scenario, topology, labName }: PlannedRun,
  turns: Turns,
  flags: TestFlags,
  alone: boolean,
): Promise<Outcome> {
  context.signal.throwIfAborted();
  const { control, ...withoutControl } = scenario;
  const seed = flags.seed ?? scenario.seed;
  const runDirectory = await newRunDirectory(flags.runs, labName);
  await copyFile(scenario.file, join(runDirectory, 'scenario.yaml'));
  const { programs, lanes } = plumbingOptions();
  const flows = flags.pcapFlows === 'all' ? Number.POSITIVE_INFINITY : flags.pcapFlows;
  try {
    const result = await runScenario({
      scenario: {
        ...withoutControl,
        seed,
        ...(flags.control && control !== undefined ? { control } : {}),
      },
      topology,
      labName,
      host: flags.host,
      runDirectory,
      programs,
      lanes,
      version: context.version,
      keep: flags.keep ?? false,
      turns,
      report: context.report,
      signal: context.signal,
      ...(flags.memory === undefined ? {} : { memoryMb: flags.memory }),
      ...(flags.pcap === true ? { packetsOfFlows: flows } : {}),
    });
    await saveVerdict(result);
    if (!alone) context.report({ type: 'step', message: `${labName}: ${result.verdict}` });
    return { result, labName };
  } catch (error) {
    const failure = asFailure(error, { name: scenario.name, file: scenario.file, runDir: runDirectory });
    if (failure === undefined) throw error;
    // The disk may be full, which is what there is to tell.
    await saveFailure(failure).catch(() => undefined);
    if (alone) throw error;
    context.report({ type: 'warning', message: `${labName}: no verdict: ${failure.message}` });
    return { failure };
  }
}

async function tell(context: Context, outcome: Outcome, flags: TestFlags): Promise<void> {
  if ('failure' in outcome) {
    context.print(describeFailure(outcome.failure));
    return;
  }
  await writeReports(context, outcome.result, flags.reporter);
  const { labName } = outcome;
  if (flags.keep === true)
    context.print(`The lab is still up: tierlab ps --lab ${labName}; tierlab down ${labName}`);
}

async function saveJunit(
  file: string | undefined,
  ...outcomes: Parameters<typeof reportJunit>
): Promise<void> {
  if (file !== undefined) await writeOutput(file, '--junit', () => writeFile(file, reportJunit(...outcomes)));
}
