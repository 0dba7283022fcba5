import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { exitCodes } from '../../base/errors.ts';
import type { HostName } from '../../hosts/contract.ts';
import { reportJson, reportJunit } from '../../report/index.ts';
import { runScenario } from '../../run.ts';
import type { ScenarioResult, Verdict } from '../../verdict/index.ts';
import type { Context } from '../context.ts';
import { announceCleanup } from '../interrupt.ts';
import { plumbingOptions } from '../labs.ts';
import { type ReporterName, saveVerdict, writeReports } from '../reports.ts';
import { loadLab, scenarioFile } from '../scenarios.ts';

interface TestFlags {
  readonly host: HostName | 'auto';
  readonly memory?: number;
  readonly keep?: boolean;
  readonly seed?: number;
  readonly control: boolean;
  readonly runs: string;
  readonly junit?: string;
  readonly reporter?: readonly ReporterName[];
}

/** Runs scenarios one after another. All files are checked before anything is created. */
export async function test(context: Context, labs: readonly string[], flags: TestFlags): Promise<number> {
  const files = await Promise.all(labs.map(scenarioFile));
  const loaded = await Promise.all(files.map(loadLab));
  announceCleanup(context);
  const results: ScenarioResult[] = [];
  for (const { scenario, topology } of loaded) {
    const { control, ...withoutControl } = scenario;
    const seed = flags.seed ?? scenario.seed;
    const wanted =
      flags.control && control !== undefined
        ? { ...withoutControl, seed, control }
        : { ...withoutControl, seed };
    const labName = nameOf(scenario.file);
    const runDirectory = await newRunDirectory(flags.runs, labName);
    await copyFile(scenario.file, join(runDirectory, 'scenario.yaml'));
    const { programs, lanes } = plumbingOptions();
    const result = await runScenario({
      scenario: wanted,
      topology,
      labName,
      host: flags.host,
      runDirectory,
      programs,
      lanes,
      version: context.version,
      keep: flags.keep ?? false,
      report: context.report,
      signal: context.signal,
      ...(flags.memory === undefined ? {} : { memoryMb: flags.memory }),
    });
    await saveVerdict(result);
    await writeReports(context, result, flags.reporter);
    if (flags.keep === true)
      context.print(`The lab is still up: tierlab ps --lab ${labName}; tierlab down ${labName}`);
    results.push(result);
  }
  if (flags.junit !== undefined) await writeFile(flags.junit, reportJunit(results));
  context.printJson(reportJson(results));
  return exitCodeOf(results.map(({ verdict }) => verdict));
}

/** Fail beats unknown beats pass. */
export function exitCodeOf(verdicts: readonly Verdict[]): number {
  if (verdicts.includes('fail')) return exitCodes.fail;
  return verdicts.includes('unknown') ? exitCodes.unknown : exitCodes.pass;
}

/** `labs/01-l4-crash/scenario.yaml` → `01-l4-crash`; `my.yaml` → `my`. */
function nameOf(file: string): string {
  const name =
    basename(file) === 'scenario.yaml'
      ? basename(dirname(resolve(file)))
      : basename(file).replace(/\.ya?ml$/, '');
  return name.replaceAll(/[^\w-]/g, '-');
}

/** `<runs>/<time>-<name>`, with a number behind it if two start in one second. */
async function newRunDirectory(runs: string, name: string): Promise<string> {
  await mkdir(runs, { recursive: true });
  const stamp = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${name}`;
  const taken = await readdir(runs);
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? stamp : `${stamp}-${n}`;
    if (taken.includes(candidate)) continue;
    const directory = resolve(runs, candidate);
    await mkdir(directory);
    return directory;
  }
}
