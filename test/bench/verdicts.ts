/** Scenarios run through the product's own `test` command, and their figures as rows. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonReport } from '../../src/report/json.ts';
import type { CommandLine } from './command-line.ts';
import type { Bench, Goal, MeasurementName, Outcome, Row } from './contract.ts';

export type Scenario = JsonReport['scenarios'][number];
export type Run = Pick<Scenario, 'expectations' | 'metrics' | 'reasons' | 'verdict'>;

/** Exit codes 1 and 5 are verdicts, and shown as what they are. */
export async function runScenario(bench: Bench, cli: CommandLine, lab: string): Promise<Scenario> {
  const runs = join(bench.scratch, 'runs');
  const args = ['--format', 'json', 'test', lab, '--host', 'uml', '--runs', runs];
  const { stdout } = await cli.run(args, { timeoutMs: 300_000, exitCodes: [0, 1, 5] });
  const [scenario] = (JSON.parse(stdout) as JsonReport).scenarios;
  if (scenario === undefined) throw new Error(`no scenario in what it printed: ${stdout.slice(0, 400)}`);
  return scenario;
}

/** Of a scenario that is no lab's. @param text the file's */
export async function runWritten(
  bench: Bench,
  cli: CommandLine,
  name: MeasurementName,
  text: string,
): Promise<Scenario> {
  const folder = join(bench.scratch, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'scenario.yaml'), text);
  return runScenario(bench, cli, folder);
}

/** Rows of one run's figures. */
export function rowsOf(
  measurement: MeasurementName,
  { host, kernel, seed }: Scenario,
  run: Run,
): (what: string, unit: Row['unit'], metric: string, goal?: Goal) => Outcome {
  const { verdict, reasons, expectations } = run;
  return (what, unit, metric, goal) => ({
    measurement,
    what,
    unit,
    measured: figure(run, metric) ?? Number.NaN,
    ...(goal === undefined ? {} : { goal }),
    details: { verdict, reasons, expectations, host, kernel, seed },
    ...(reasons.length === 0 ? {} : { note: `${verdict}: ${reasons.join('; ')}` }),
  });
}

/** A metric over the whole run, or what an expectation about it found. */
export function figure({ metrics, expectations }: Run, name: string): number | undefined {
  const [traffic = '', ...path] = name.split('.');
  const whole = metrics[traffic]?.[path.join('.')];
  if (typeof whole === 'number') return whole;
  const actual = expectations.find(({ expression }) => expression.startsWith(`${name} `))?.actual;
  return typeof actual === 'number' ? actual : undefined;
}
