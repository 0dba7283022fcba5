import type { Plan } from '../../topology/types.ts';
import type { LabPaths } from '../paths.ts';
import { ownDaemons, sharedDaemons } from './daemons.ts';
import { daemonsJob, networkJob, type Turn } from './node.ts';
import type { PlumbingOptions } from './options.ts';
import type { Job, Stage } from './plumber.ts';
import { start } from './steps.ts';

/**
 * Nodes as parts of the network, each with its daemons that have timers of their own to wait for while the rest is being started; daemons that
 * all nodes of a kind have in common; then each node's others.
 *
 * A lab in which some ask a second time only after long is crowded. Nobody waits there: all have too little of the processor. All daemons at
 * once would take each other's time, and their first checks would fail; so each is at work before the next but one is started. And
 * those with timers come last if these are short: they take a part of the processor as long as they run.
 */
export function nodeStages(plan: Plan, lab: LabPaths, options: PlumbingOptions): Stage[] {
  const { lanes } = options;
  const networks = plan.nodes.map((node) => networkJob(node, plan, lab, options));
  const daemons = (turn: Turn): Job[] => plan.nodes.map((node) => daemonsJob(node, turn, plan, lab, options));
  const shared = sharedDaemons(plan, lab, options).map(({ daemon }): Job => [start(lab, daemon)]);
  const [first, then, last] = [daemons('first'), daemons('then'), daemons('last')];
  const isCrowded = last.some(isNotEmpty);
  const areQuick = plan.nodes
    .flatMap((node) => ownDaemons(node, plan, lab, options))
    .every(({ urgent = false, late = false, quick = false }) => quick || late || !urgent);
  const [atOnce, atLast] = isCrowded && areQuick ? [[], first] : [first, []];
  return [
    { lanes, jobs: networks.map((job, i) => [...job, ...(atOnce[i] ?? []).slice(1)]) },
    ...[shared, then, last, atLast].map((all): Stage => {
      const jobs = all.filter(isNotEmpty);
      return { lanes, jobs: isCrowded ? inTurn(jobs, lanes) : jobs };
    }),
  ];
}

const isNotEmpty = (job: Job): boolean => job.length > 0;

/** The one before in the lane is waited for when the next one is on its way: the processor has something to do while either waits. */
const inTurn = (jobs: readonly Job[], lanes: number): Job[] =>
  jobs.map((job, i) => [
    ...job,
    ...settling(jobs[i - lanes] ?? []),
    ...(jobs[i + lanes] === undefined ? settling(job) : []),
  ]);

const settling = (job: Job): Job =>
  job.flatMap((step): Job => (step.do === 'start' ? [{ do: 'settle', pidFile: step.pidFile }] : []));
