/** The figures of the run, with those of the control beside them. */
import { formatMeasured, type Judgement, metricUnit, type ScenarioResult } from '../verdict/index.ts';
import { protectionOff } from './sentence.ts';
import { causesOf } from './story.ts';

/** Rows of cells: what, the run's figure and, if there is a control, its figure. The first row is the head. */
export function figureRows({ main, control }: ScenarioResult): string[][] {
  const runs = control === undefined ? [main] : [main, control];
  const head = ['', 'run', ...(control === undefined ? [] : [`control (${protectionOff(control)})`])];
  const rows = main.traffic.flatMap(({ name, type }) => {
    const shown = (type === 'held-tcp' ? heldRows : httpRows).filter(
      ([path]) => !isDetail(path) || runs.some((run) => run.metrics[name]?.broken),
    );
    return [
      [name, ...runs.map(() => '')],
      ...shown.map(([path, label]) => [`  ${label}`, ...runs.map((run) => cell(run, name, path))]),
    ];
  });
  return [head, ...rows];
}

const heldRows = [
  ['connections', 'connections'],
  ['moved', 'moved to another L4'],
  ['broken', 'broken'],
  ['own_share', '  exposed to the fault'],
  ['collateral', '  not exposed (collateral)'],
  ['stalled', 'stalled for more than 1 s'],
  ['blackout.p50', 'longest wait, median flow'],
  ['blackout.max', 'longest wait, worst flow'],
] as const;

const httpRows = [
  ['requests', 'requests'],
  ['errors', 'failed'],
  ['error_rate', '  error rate'],
  ['latency.p50', 'latency, median'],
  ['latency.p99', 'latency, 99 %'],
  ['latency.max', 'latency, worst'],
] as const;

/** Only worth a line if something broke. */
const isDetail = (path: string): boolean => path === 'own_share' || path === 'collateral';

function cell(run: Judgement, traffic: string, path: string): string {
  const value = run.metrics[traffic]?.[path];
  if (value === undefined || value === null) return '–';
  const text = formatMeasured(value, metricUnit(path) ?? 'count');
  if (path !== 'broken' || value === 0) return text;
  return `${text} (${causesOf(run.brokenFlows.filter((flow) => flow.traffic === traffic))})`;
}
