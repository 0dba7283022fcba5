import type { Plan } from '../../topology/types.ts';
import type { LabPaths } from '../paths.ts';
import { sharedDaemons } from './daemons.ts';
import { daemonsJob } from './node.ts';
import type { PlumbingOptions } from './options.ts';
import type { Job, Stage } from './plumber.ts';
import { start } from './steps.ts';

/**
 * Daemons that all nodes of a kind have in common, then each node's own, but for those that went first. A lab in which some ask a second time only
 * after long is crowded: there each daemon is at work before the next one is started. All at once they would take each other's
 * time, and their first checks would fail.
 */
export function daemonStages(plan: Plan, lab: LabPaths, options: PlumbingOptions): Stage[] {
  const { lanes } = options;
  const jobsOf = (turn: 'then' | 'last'): Job[] =>
    plan.nodes.map((node) => daemonsJob(node, turn, plan, lab, options)).filter((job) => job.length > 1);
  const shared = sharedDaemons(plan, lab, options).map(({ daemon }): Job => [start(lab, daemon)]);
  const [then, last] = [jobsOf('then'), jobsOf('last')];
  const isCrowded = last.length > 0;
  return [
    { lanes: 1, jobs: shared },
    { lanes, jobs: then },
    { lanes, jobs: last },
  ].map((stage) => (isCrowded ? { ...stage, jobs: stage.jobs.map(oneAfterAnother) } : stage));
}

const oneAfterAnother = (job: Job): Job =>
  job.flatMap(
    (step): Job => (step.do === 'start' ? [step, { do: 'settle', pidFile: step.pidFile }] : [step]),
  );
