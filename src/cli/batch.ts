/** Scenarios as `tierlab test` runs them: each so many times, several at once, told in the order they were asked for. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Limit, limit } from '../base/limit.ts';
import type { Failure } from '../report/index.ts';
import type { Scenario } from '../scenario/index.ts';
import type { Topology } from '../topology/index.ts';
import type { ScenarioResult } from '../verdict/index.ts';
import { costOf } from './cost.ts';
import type { AtOnce } from './jobs.ts';

/** A scenario to run once. */
export interface PlannedRun {
  readonly scenario: Scenario;
  readonly topology: Topology;
  /** No other run of the batch makes labs of that name. */
  readonly labName: string;
}

/** What became of it: a result, or what kept it from one. */
export type Outcome =
  | { readonly result: ScenarioResult; readonly labName: string }
  | { readonly failure: Failure };

/** Repetitions of a scenario follow each other. */
export function planRuns(
  loaded: readonly { readonly scenario: Scenario; readonly topology: Topology }[],
  repeat: number,
): PlannedRun[] {
  const taken = new Set<string>();
  return loaded.flatMap((lab) =>
    Array.from({ length: repeat }, () => ({ ...lab, labName: freeName(lab.scenario.file, taken) })),
  );
}

/** Two of a name would tear each other's labs down. */
function freeName(file: string, taken: Set<string>): string {
  const name = nameOf(file);
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    const labs = [candidate, `${candidate}-control`];
    if (labs.some((lab) => taken.has(lab))) continue;
    for (const lab of labs) taken.add(lab);
    return candidate;
  }
}

/** `labs/01-l4-crash/scenario.yaml` → `01-l4-crash`, `ipv6.yaml` beside it → `01-l4-crash-ipv6`; `my.yaml` elsewhere → `my`. */
function nameOf(file: string): string {
  const own = basename(file).replace(/\.ya?ml$/, '');
  const isInLab = existsSync(join(dirname(file), 'scenario.yaml'));
  const folder = own === 'scenario' || isInLab ? [basename(dirname(resolve(file)))] : [];
  const parts = own === 'scenario' ? folder : [...folder, own];
  const plain = parts
    .map((part) => part.replaceAll(/[^\w-]/g, '-').replace(/^[^A-Za-z0-9]+/, ''))
    .filter((part) => part !== '')
    .join('-');
  return plain === '' ? 'lab' : plain.slice(0, 60);
}

/** Where a lab of a run waits for its turn: to be there at all, and to be measured. */
export interface Turns {
  readonly lab: Limit;
  readonly measured: Limit;
}

/**
 * Runs them, so many labs at a time, and no scenario before there is room for it; side by side the longest first, so that none is left
 * alone at the end. One that fails keeps no other from running. `tell` gets each outcome as soon as all before it have been told.
 */
export async function runInOrder<T>(
  runs: readonly PlannedRun[],
  atOnce: AtOnce,
  run: (planned: PlannedRun, turns: Turns) => Promise<T>,
  tell: (outcome: T) => Promise<void>,
): Promise<T[]> {
  const scenarios = limit(atOnce.labs);
  const turns: Turns = { lab: limit(atOnce.labs), measured: limit(atOnce.measured) };
  const begun = new Map(
    inTurn(runs, atOnce).map((planned) => [planned, scenarios(() => run(planned, turns))]),
  );
  const outcomes = runs.flatMap((planned) => begun.get(planned) ?? []);
  // It is awaited when all before it are told.
  for (const outcome of outcomes) outcome.catch(() => {});
  const told: T[] = [];
  try {
    for (const outcome of outcomes) {
      told.push(await outcome);
      await tell(await outcome);
    }
    return told;
  } finally {
    // Whatever broke off the telling, what was begun is torn down first.
    await Promise.allSettled(outcomes);
  }
}

const inTurn = (runs: readonly PlannedRun[], { labs }: AtOnce): readonly PlannedRun[] =>
  labs === 1 ? runs : runs.toSorted((a, b) => costOf(b) - costOf(a));
