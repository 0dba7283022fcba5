/** The data of the plots, run and control on the same scales, as the page's script reads them. */
import {
  type HeldSeries,
  type HttpSeries,
  type Judgement,
  type LatencySeries,
  type Series,
  waitingMs,
} from '../../verdict/index.ts';
import type { ChartData, Line, Mark, PageData, Panel } from '../page/data.ts';

export interface ChartRun {
  readonly judgement: Judgement;
  readonly series: Series;
}

export function pageData(runs: readonly ChartRun[]): PageData {
  const starts = runs.map(({ series }) => series.startMs);
  const ends = runs.map(({ series }) => endOf(series));
  const [first] = runs;
  return {
    range: [Math.min(...starts) / 1000, Math.max(...ends) / 1000],
    runs: runs.map(({ judgement, series }) => ({
      title: judgement.role === 'main' ? 'run' : 'control',
      startMs: series.startMs,
      bucketMs: series.bucketMs,
      marks: marksOf(judgement, endOf(series)),
    })),
    charts: (first?.series.traffic ?? []).flatMap(({ name }) => chartsOf(name, runs)),
  };
}

function chartsOf(name: string, runs: readonly ChartRun[]): ChartData[] {
  const each = runs.map(({ series }) => series.traffic.find((traffic) => traffic.name === name));
  const held = each.map((traffic) => (traffic?.type === 'held-tcp' ? traffic : undefined));
  const http = each.map((traffic) => (traffic?.type === 'http' ? traffic : undefined));
  const charts = held[0] !== undefined ? heldCharts(name, held) : httpCharts(name, http);
  // In a topology without L4 nodes nothing is ever seen on one.
  return charts.filter(({ panels }) => panels.some(({ lines }) => lines.length > 0));
}

function heldCharts(name: string, runs: readonly (HeldSeries | undefined)[]): ChartData[] {
  return [
    stacked(`${name}: connections alive, by L7`, runs, (run) => byNode(run.onL7)),
    stacked(`${name}: connections alive, by the L4 they were seen on`, runs, (run) =>
      sinceSeen(byNode(run.onL4)),
    ),
    chart(`${name}: blackout, connections that wait for an answer`, 'count', runs, (run) => [
      { label: `> ${waitingMs / 1000} s`, values: run.waiting, colour: 'moved', style: 'area' },
      { label: `> ${run.stalledMs / 1000} s (stalled)`, values: run.stalled, colour: 'bad', style: 'area' },
    ]),
    latencyChart(`${name}: time to a heartbeat's answer`, runs),
  ];
}

function httpCharts(name: string, runs: readonly (HttpSeries | undefined)[]): ChartData[] {
  return [
    chart(`${name}: requests a second`, 'rate', runs, (run) => [
      { label: 'answered', values: run.answered, colour: 'good', style: 'line' },
      { label: 'failed', values: run.failed, colour: 'bad', style: 'area' },
    ]),
    latencyChart(`${name}: time to a request's answer, from when it was due`, runs),
  ];
}

function latencyChart(
  title: string,
  runs: readonly ({ readonly latency: LatencySeries } | undefined)[],
): ChartData {
  const lines = ({ latency }: { readonly latency: LatencySeries }): Line[] => [
    { label: 'max', values: latency.max, colour: 'bad', style: 'points' },
    { label: 'p99', values: latency.p99, colour: 'moved', style: 'line' },
    { label: 'p50', values: latency.p50, colour: 'good', style: 'line' },
  ];
  return { ...chart(title, 'duration', runs, lines), band: [1, 2] };
}

/** Lines are drawn as sums of themselves and those before, so that they stand on each other. */
function stacked<Run>(
  title: string,
  runs: readonly (Run | undefined)[],
  lines: (run: Run) => readonly Line[],
): ChartData {
  return { ...chart(title, 'count', runs, lines), isStacked: true };
}

function chart<Run>(
  title: string,
  unit: ChartData['unit'],
  runs: readonly (Run | undefined)[],
  lines: (run: Run) => readonly Line[],
): ChartData {
  const panels = runs.map((run): Panel => ({ lines: run === undefined ? [] : lines(run) }));
  return { title, unit, panels };
}

const byNode = (nodes: Readonly<Record<string, readonly number[]>>): Line[] =>
  Object.entries(nodes).map(([label, values], i) => ({ label, values, colour: `c${i % 8}`, style: 'area' }));

/** L4 nodes are first asked when the steady state is reached: before, nobody knows. */
function sinceSeen(lines: readonly Line[]): Line[] {
  const seen = lines.map(({ values }) => values.findIndex((value) => value !== 0)).filter((at) => at >= 0);
  const first = Math.min(...seen);
  return lines.map((line) => ({
    ...line,
    values: line.values.map((value, i) => (i < first ? null : value)),
  }));
}

const endOf = ({ startMs, buckets, bucketMs }: Series): number => startMs + buckets * bucketMs;

/** A fault lasts until its heal, or until the end of its run: the other one may go on for longer. */
function marksOf({ timeline }: Judgement, endMs: number): Mark[] {
  return timeline
    .filter(({ landed }) => landed)
    .map(({ atMs, name, fault, action, targets }, i, all): Mark => {
      const heal = all
        .slice(i + 1)
        .find(
          (later) =>
            later.action === 'heal' &&
            later.fault === fault &&
            targets.some((one) => later.targets.includes(one)),
        );
      const ends = action === 'heal' ? {} : { untilMs: Math.round(heal?.atMs ?? endMs) };
      return { atMs: Math.round(atMs), name, action, ...ends };
    });
}
