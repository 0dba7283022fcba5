import { resolve } from 'node:path';
import { exitCodes } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import { kindTable } from '../../kinds/index.ts';
import { type Bounds, contestedFlows, predict as foretell, type Prediction } from '../../oracle/index.ts';
import { plansOver, type Scenario } from '../../scenario/index.ts';
import { planTopology, type Topology } from '../../topology/index.ts';
import { heldFlows, trafficJobs } from '../../traffic/index.ts';
import type { Context } from '../context.ts';
import { loadLab, scenarioFile } from '../scenarios.ts';
import { table } from '../table.ts';

/** Prints what the plan and the seed say of the flows of a scenario, and of its control. */
export async function predict(
  context: Context,
  lab: string,
  flags: { readonly seed?: number },
): Promise<number> {
  const { scenario: written, topology } = await loadLab(await scenarioFile(lab));
  const scenario = { ...written, seed: flags.seed ?? written.seed };
  const isContested = contestedFlows(planTopology(topology, kindTable));
  const main = predictRun(scenario, topology, isContested);
  const control =
    scenario.control === undefined
      ? undefined
      : predictRun(
          { ...scenario, timeline: scenario.control.timeline, durationMs: scenario.control.durationMs },
          scenario.control.topology,
          isContested,
        );
  context.printJson({
    scenario: scenario.name,
    seed: scenario.seed,
    main,
    ...(control === undefined ? {} : { control }),
  });
  context.print(
    [
      `${scenario.name} (seed ${scenario.seed})`,
      describeShares(main),
      describeEntries(main),
      ...(main.total.length === 0 ? [] : [legend]),
      ...(control === undefined || scenario.control === undefined || main.total.length === 0
        ? []
        : [`Control: ${describeDifference(scenario, scenario.control)}`, describeEntries(control)]),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
  );
  return exitCodes.pass;
}

const legend = [
  'exposed: the way leads over a target. moved: seen on another L4 node than before. Of figures like 33–67, 999 runs in 1,000 are within.',
  'must break: in every run. may break: nobody but these, and which of them is left to chance (or not known). `--format json` names each.',
].join('\n');

function predictRun(
  scenario: Scenario,
  topology: Topology,
  isContested: ReturnType<typeof contestedFlows>,
): Prediction {
  const plan = planTopology(topology, kindTable);
  return foretell(
    scenario,
    plansOver(scenario.timeline, plan, kindTable),
    heldFlows(trafficJobs(scenario.traffic, plan, scenario.seed, { isContested })),
  );
}

function describeShares({ shares }: Prediction): string {
  const rows = shares.flatMap(({ traffic, byL7, maxOverMean }) =>
    byL7 === undefined
      ? [[traffic, 'not known', '', '']]
      : Object.entries(byL7).map(([l7, flows], i) => [
          i === 0 ? traffic : '',
          l7,
          String(flows),
          i === 0 && maxOverMean !== undefined ? maxOverMean.toFixed(2) : '',
        ]),
  );
  return rows.length === 0
    ? 'No traffic holds connections: nothing to foretell.'
    : table(['traffic', 'L7', 'flows', 'max/mean'], rows);
}

function describeEntries({ entries, total }: Prediction): string {
  const rows = entries.flatMap(({ atMs, name, action, fault, targets, byTraffic }) =>
    byTraffic.map(({ traffic, flows, exposed, moved, broken, must, may }) => [
      formatDuration(atMs),
      name,
      `${describeAct(action, fault)} ${targets.join(', ')}`,
      traffic,
      String(flows),
      describeBounds(exposed),
      describeBounds(moved),
      describeBounds(broken),
      String(must.length),
      String(may.length),
    ]),
  );
  const sums = total.map(({ traffic, flows, moved, broken, must, may }) => [
    '',
    'total',
    '',
    traffic,
    String(flows),
    '',
    describeBounds(moved),
    describeBounds(broken),
    String(must.length),
    String(may.length),
  ]);
  const figures = ['exposed', 'moved', 'broken', 'must break', 'may break'];
  const header = ['at', 'name', 'what', 'traffic', 'flows', ...figures];
  const names = new Map<string, string[]>();
  for (const { name, why } of entries)
    for (const reason of why) names.set(reason, [...(names.get(reason) ?? []), name]);
  const reasons = [...names].map(([reason, of]) => `${of.join(', ')}: ${reason}`);
  if (rows.length === 0) return '';
  return [table(header, [...rows, ...sums]), '', ...reasons].join('\n');
}

/** `join l7-4`, `drain l4-1`, `node.crash l4-1`, `heal node.crash l4-1`, `boot l4-1`. */
function describeAct(action: string, fault: string): string {
  if (action === 'inject') return fault;
  return action === 'heal' ? `heal ${fault}` : action;
}

const describeBounds = ({ least, most }: Bounds): string =>
  least === most ? String(least) : `${least}–${most}`;

function describeDifference(
  { topologyFile }: Scenario,
  { topology, set, skip, replace }: NonNullable<Scenario['control']>,
): string {
  const other = resolve(topology.file) === topologyFile ? [] : [`topology ${topology.name}`];
  const settings = Object.entries({ ...set, ...replace }).map(([key, value]) => `${key} = ${String(value)}`);
  return [...other, ...settings, ...skip.map((name) => `without ${name}`)].join(', ');
}
