/**
 * The experiment:
 *   1 plan and bring the lab up (experiment.ts)    4 play the timeline, recording (play.ts)
 *   2 start the traffic (observe.ts)               5 stop the traffic, save the logs, tear down
 *   3 wait for the steady state                    6 judge the saved history
 * once as written and, if the scenario has a control, once more with the protection off.
 */
import { Interrupted } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { type LabPaths, labPaths } from '../lab/index.ts';
import type { Topology } from '../topology/index.ts';
import { type Judgement, judgeScenario, type ScenarioResult } from '../verdict/index.ts';
import { experiment } from './experiment.ts';
import { historyFile, judgeHistory } from './history-file.ts';
import type { Role, RunOptions } from './options.ts';

export { historyFile } from './history-file.ts';
export type { RunOptions } from './options.ts';

/**
 * The control does not wait for the run: where there is room for both, they take place side by side, each in a lab of its own.
 * @throws WorldError if a lab does not come up, Interrupted after teardown if the signal aborts
 */
export async function runScenario(options: RunOptions): Promise<ScenarioResult> {
  const { scenario, topology, runDirectory, labName } = options;
  await makeFolder(runDirectory, 0o700);
  let isBroken = false;
  const inTurn = (role: Role, of: Topology, lab: LabPaths): Promise<Judgement | undefined> =>
    options.turns.lab(async () => {
      if (options.signal.aborted) throw new Interrupted('interrupted');
      // Half a scenario gives no verdict: the other half is not begun.
      if (isBroken) return undefined;
      try {
        return await experiment(role, of, lab, options);
      } catch (error) {
        isBroken = true;
        throw error;
      }
    });
  const runs = [inTurn('main', topology, labPaths(labName))];
  const { control: weakened } = scenario;
  if (weakened !== undefined) runs.push(inTurn('control', weakened.topology, labPaths(`${labName}-control`)));
  const ends = await Promise.allSettled(runs);
  const [main, control] = ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
  if (main === undefined) throw new Error('a run that was not begun has failed');
  return judgeScenario({
    name: scenario.name,
    file: scenario.file,
    runDir: runDirectory,
    main,
    ...(control === undefined ? {} : { control }),
  });
}

/** Judges a saved run again. */
export async function judgeRun(
  runDirectory: string,
  roles: readonly Role[],
  file: string,
): Promise<ScenarioResult> {
  const judgements = await Promise.all(roles.map((role) => judgeHistory(historyFile(runDirectory, role))));
  const [main, control] = judgements;
  if (main === undefined) throw new Error('a run has a main history');
  return judgeScenario({
    name: main.scenario,
    file,
    runDir: runDirectory,
    main,
    ...(control === undefined ? {} : { control }),
  });
}
