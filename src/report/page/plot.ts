import uPlot from 'uplot';
import type { ChartData, Line, PageData } from './data.ts';
import { drawBands, drawNames } from './marks.ts';
import { formatTick, formatValue } from './units.ts';

/** One chart of one run. The colours are read when it is drawn: they follow the style sheet. */
export function plot(
  place: HTMLElement,
  data: PageData,
  chartIndex: number,
  runIndex: number,
): { redraw(): void; fit(): void } {
  const chart = data.charts[chartIndex];
  const run = data.runs[runIndex];
  const lines = chart?.panels[runIndex]?.lines ?? [];
  const figures = chart?.isStacked === true ? sums(lines) : lines.map(({ values }) => [...values]);
  const buckets = Math.max(0, ...figures.map((values) => values.length));
  const times = Array.from({ length: buckets }, (_, i) => {
    // A bucket's figures are known at its end.
    return ((run?.startMs ?? 0) + (i + 1) * (run?.bucketMs ?? 0)) / 1000;
  });
  const made = new uPlot(
    {
      ...sizeOf(place),
      ...optionsOf(data, chart),
      series: [
        { label: 'at', value: (_, x) => (x === null ? '' : `${x.toFixed(2)} s`) },
        ...lines.map((line, i) => seriesOf(line, lines[i]?.values ?? [], chart)),
      ],
      hooks: {
        drawAxes: [(self) => drawBands(self, run?.marks ?? [], colour)],
        draw: [(self) => drawNames(self, run?.marks ?? [], colour)],
      },
    },
    [times, ...figures],
    place,
  );
  return { redraw: () => made.redraw(false, true), fit: () => made.setSize(sizeOf(place)) };
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const sizeOf = (place: HTMLElement): { width: number; height: number } => ({
  width: Math.max(240, place.clientWidth),
  height: 190,
});

function optionsOf(
  data: PageData,
  chart: ChartData | undefined,
): Omit<uPlot.Options, 'series' | 'width' | 'height'> {
  const unit = chart?.unit ?? 'count';
  const isLog = unit === 'duration';
  const axis: uPlot.Axis = {
    stroke: () => colour('faint'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: () => colour('rule'), width: 1 },
    ticks: { show: false },
    gap: 4,
  };
  return {
    padding: [14, 16, 0, 0],
    // One moment in all plots.
    cursor: { sync: { key: 'time', setSeries: false }, y: false, points: { size: 5 } },
    legend: { live: true },
    scales: {
      x: { time: false, range: (self, min, max) => shownRange(self.data[0], min, max, data.range) },
      y: isLog ? { distr: 3, log: 10, range: durationRange(chart) } : { range: [0, ceiling(chart)] },
    },
    axes: [
      { ...axis, size: 24, values: (_, ticks) => ticks.map((tick) => `${tick}s`) },
      {
        ...axis,
        size: 46,
        ...(isLog ? { splits: (_, __, min, max) => decades(min, max) } : {}),
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : formatTick(tick, unit))),
      },
    ],
    ...(chart?.isStacked === true ? { bands: bandsOf(chart) } : {}),
    ...(chart?.band === undefined
      ? {}
      : {
          bands: [
            { series: [chart.band[0] + 1, chart.band[1] + 1], fill: () => faint(colour('moved'), 0.25) },
          ],
        }),
  };
}

function seriesOf(line: Line, own: Line['values'], chart: ChartData | undefined): uPlot.Series {
  const unit = chart?.unit ?? 'count';
  return {
    label: line.label,
    stroke: () => colour(line.colour),
    width: line.style === 'points' ? 0 : 1.5,
    ...(line.style === 'area'
      ? { fill: () => faint(colour(line.colour), chart?.isStacked === true ? 0.55 : 0.3) }
      : {}),
    points:
      line.style === 'points' ? { show: true, size: 3, fill: () => colour(line.colour) } : { show: false },
    value: (_, __, ___, i) => (i === null ? '' : formatValue(own[i] ?? null, unit)),
  };
}

/** Between each sum and the one below it; the lowest is filled down to zero. */
function bandsOf({ panels }: ChartData): uPlot.Band[] {
  const count = Math.max(0, ...panels.map(({ lines }) => lines.length));
  return Array.from({ length: Math.max(0, count - 1) }, (_, i) => ({
    series: [i + 2, i + 1] as [number, number],
  }));
}

function sums(lines: readonly Line[]): (number | null)[][] {
  const all: (number | null)[][] = [];
  for (const { values } of lines)
    all.push(values.map((value, i) => (value === null ? null : value + (all.at(-1)?.[i] ?? 0))));
  return all;
}

/** The highest figure of all runs: they are compared by eye. */
function ceiling(chart: ChartData | undefined): number {
  const highest = Math.max(
    0,
    ...(chart?.panels ?? []).flatMap(({ lines }) => {
      const figures = chart?.isStacked === true ? sums(lines).slice(-1) : lines.map(({ values }) => values);
      return figures.map((values) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0));
    }),
  );
  return highest === 0 ? 1 : highest * 1.08;
}

function durationRange(chart: ChartData | undefined): [number, number] {
  const values = (chart?.panels ?? []).flatMap(({ lines }) => lines.flatMap((line) => line.values));
  const known = values.filter((value) => value !== null && value > 0) as number[];
  const low = known.reduce((least, value) => Math.min(least, value), 10);
  const high = known.reduce((most, value) => Math.max(most, value), 100);
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))];
}

/** Whoever looks at all of a run's own times looks at those of all runs: they are compared by eye. */
function shownRange(
  times: ArrayLike<number>,
  min: number | null,
  max: number | null,
  all: PageData['range'],
): [number, number] {
  const [first = 0, last = 0] = [times[0], times[times.length - 1]];
  return min === null || max === null || (min <= first && max >= last) ? [...all] : [min, max];
}

/** Lines at whole powers of ten only: those between say little and are many. */
function decades(low: number, high: number): number[] {
  const first = Math.round(Math.log10(low));
  return Array.from({ length: Math.round(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i));
}

/** The style sheet writes colours as `#rrggbb`. */
function faint(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')}`;
}
