/** A share of the runs, for jobs of a matrix that know only their own number. */
import { InputError } from '../base/errors.ts';
import type { PlannedRun } from './batch.ts';
import { costOf } from './cost.ts';

/** `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** What tells a job its number; `first` is that of the first job. */
const runners = [
  // Indexed Jobs of Kubernetes; the number of completions is not told, a manifest hands it on by this name.
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', first: 0, of: 'JOB_COMPLETIONS' },
  { name: 'GitLab', index: 'CI_NODE_INDEX', first: 1, of: 'CI_NODE_TOTAL' },
  { name: 'Buildkite', index: 'BUILDKITE_PARALLEL_JOB', first: 0, of: 'BUILDKITE_PARALLEL_JOB_COUNT' },
  { name: 'CircleCI', index: 'CIRCLE_NODE_INDEX', first: 0, of: 'CIRCLE_NODE_TOTAL' },
] as const;

/**
 * `2/5`, the second of five; `auto/5`, the number from the environment; `auto`, both from there.
 * @throws InputError if it is none of these, or the environment does not tell
 */
export function parseShard(text: string, environment: NodeJS.ProcessEnv): Shard {
  const [which = '', after] = text.split('/');
  const of = after === '' ? undefined : after;
  const runner = runners.find(({ index }) => /^\d+$/.test(environment[index] ?? ''));
  if (which === 'auto' && runner === undefined) {
    const known = runners.map(({ name, index }) => `${index} (${name})`).join(', ');
    throw wrong(text, 'no job number in the environment', `known: ${known}; or say it: --shard 1/${of ?? 5}`);
  }
  if (of === undefined && (which !== 'auto' || !/^\d+$/.test(environment[runner?.of ?? ''] ?? ''))) {
    const hint = `say it: --shard ${which === '' ? 1 : which}/5${runner === undefined ? '' : `, or set ${runner.of}`}`;
    throw wrong(text, 'it does not say of how many', hint);
  }
  const index =
    which === 'auto' ? Number(environment[runner?.index ?? '']) - (runner?.first ?? 0) + 1 : number(which);
  const count = number(of ?? environment[runner?.of ?? ''] ?? '');
  if (index >= 1 && index <= count) return { index, of: count };
  const job = which === 'auto' ? `job ${index}` : `"${which}"`;
  throw wrong(text, `${job} is none of 1 to ${of ?? count}`, 'the first of five is --shard 1/5');
}

const number = (text: string): number => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : Number.NaN);

const wrong = (text: string, message: string, hint: string): InputError =>
  new InputError([{ file: `--shard ${text}`, message, hint }]);

/**
 * Deals the runs out: the longest first, each to whoever has least. All jobs compute the same from the same files. Within a
 * share they stay in order.
 */
export function shareOf(runs: readonly PlannedRun[], { index, of }: Shard): PlannedRun[] {
  const loads = Array.from({ length: of }, () => 0);
  const owners = new Map<PlannedRun, number>();
  for (const run of runs.toSorted((a, b) => costOf(b) - costOf(a))) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] = (loads[least] ?? 0) + costOf(run);
    owners.set(run, least + 1);
  }
  return runs.filter((run) => owners.get(run) === index);
}
