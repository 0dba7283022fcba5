/** What nodes said of themselves, and what can be asked about it: one table for check, judge and documentation. */
import type { NodeEvent, NodeSpec, RunEvent } from './history.ts';
import type { Measured, Unit } from './metric.ts';
import { type Step, stepsWithin, sum, valueAt } from './steps.ts';

export interface NodeTally {
  readonly spec: NodeSpec;
  /** By measure. A counter's begins with 0 and only grows, even if the daemon that counts began anew. */
  readonly series: Map<string, Step[]>;
  /** What counters said last. */
  readonly last: Map<string, number>;
}

export const nodeTallies = ({ nodes = [] }: RunEvent): Map<string, NodeTally> =>
  new Map(nodes.map((spec) => [spec.name, { spec, series: new Map(), last: new Map() }]));

export function countNode({ spec, series, last }: NodeTally, { t, values, silent }: NodeEvent): void {
  const add = (name: string, value: number): void => {
    const steps = series.get(name);
    if (steps === undefined) series.set(name, [{ t, value }]);
    else steps.push({ t, value });
  };
  if (silent === true)
    for (const name of series.keys()) if (typeOf(spec.measures, name) === 'gauge') add(name, 0);
  for (const [name, value] of Object.entries(values)) {
    if (typeOf(spec.measures, name) === 'gauge') {
      add(name, value);
      continue;
    }
    const before = last.get(name);
    last.set(name, value);
    const grown = before === undefined ? 0 : value < before ? value : value - before;
    add(name, (series.get(name)?.at(-1)?.value ?? 0) + grown);
  }
}

/** Names of the nodes by tier, of all that were there at some time. */
export function tiersOf(tallies: ReadonlyMap<string, NodeTally>): ReadonlyMap<string, readonly string[]> {
  const specs = [...tallies.values()].map(({ spec }) => spec);
  const tiers = [...new Set(specs.map(({ tier }) => tier))];
  return new Map(
    tiers.map((tier) => [tier, specs.filter((spec) => spec.tier === tier).map(({ name }) => name)]),
  );
}

type MeasureTypes = Readonly<Record<string, 'gauge' | 'counter'>>;

const typeOf = (measures: MeasureTypes, name: string): 'gauge' | 'counter' | undefined =>
  measures[name] ?? measures[name.replace(/\.[^.]+$/, '.<node>')];

/** How a measure is read over a stretch of time. */
export interface Reading {
  /** What follows the measure's name: `.max`. */
  readonly suffix: string;
  readonly of: 'gauge' | 'counter';
  readonly unit: Unit;
  readonly meaning: string;
  /** @param steps of one node, or of a tier's sum */
  read(steps: readonly Step[], start: number, end: number): number | undefined;
}

const values = (steps: readonly Step[], start: number, end: number): number[] =>
  stepsWithin(steps, start, end).map(({ value }) => value);

const grown = (steps: readonly Step[], start: number, end: number): number | undefined => {
  const last = valueAt(steps, end);
  return last === undefined ? undefined : last - (valueAt(steps, start) ?? 0);
};

export const readings: readonly Reading[] = [
  {
    suffix: '',
    of: 'gauge',
    unit: 'count',
    meaning: 'at the end',
    read: (steps, _start, end) => valueAt(steps, end),
  },
  {
    suffix: '.min',
    of: 'gauge',
    unit: 'count',
    meaning: 'the least',
    read: (...all) => values(...all).reduce<number | undefined>((a, b) => Math.min(a ?? b, b), undefined),
  },
  {
    suffix: '.max',
    of: 'gauge',
    unit: 'count',
    meaning: 'the most',
    read: (...all) => values(...all).reduce<number | undefined>((a, b) => Math.max(a ?? b, b), undefined),
  },
  {
    suffix: '.settled',
    of: 'gauge',
    unit: 'duration',
    meaning: 'time from the beginning to the last change, such as until a server was ejected; 0 without one',
    read: (steps, start, end) =>
      steps.length === 0 ? undefined : (stepsWithin(steps, start, end).at(-1)?.t ?? start) - start,
  },
  { suffix: '', of: 'counter', unit: 'count', meaning: 'by how much it grew', read: grown },
  {
    suffix: '.rate',
    of: 'counter',
    unit: 'rate',
    meaning: 'by how much it grew in a second',
    read: (steps, start, end) => {
      const growth = grown(steps, start, end);
      return growth === undefined || end <= start ? undefined : (growth * 1000) / (end - start);
    },
  },
];

/** A measure and a reading of it, by what follows the node's or tier's name: `weight.l7-1.settled`. */
export function findReading(
  path: string,
  measures: MeasureTypes,
): { readonly measure: string; readonly argument?: string; readonly reading: Reading } | undefined {
  for (const reading of readings) {
    if (!path.endsWith(reading.suffix)) continue;
    const measure = path.slice(0, path.length - reading.suffix.length);
    const exact = measures[measure] === reading.of;
    const pattern = measure.replace(/\.[^.]+$/, '.<node>');
    if (exact && !measure.includes('<')) return { measure, reading };
    if (pattern !== measure && measures[pattern] === reading.of)
      return { measure, argument: measure.slice(pattern.length - '<node>'.length), reading };
  }
  return undefined;
}

/** Every name that a metric of such a node can be asked by; a node's place is left open. */
export const readingNames = (measures: MeasureTypes): string[] =>
  Object.entries(measures).flatMap(([name, type]) =>
    readings.filter((reading) => reading.of === type).map(({ suffix }) => `${name}${suffix}`),
  );

/** Reads one metric of a node, or of the sum over a tier's nodes. */
export function readNodes(
  name: string,
  path: string,
  tallies: ReadonlyMap<string, NodeTally>,
  start: number,
  end: number,
): { readonly value: Measured; readonly unit: Unit; readonly steps: readonly Step[] } | undefined {
  const chosen = nodesCalled(name, tallies);
  const found = findReading(path, chosen[0]?.spec.measures ?? {});
  if (found === undefined) return undefined;
  const { measure, reading } = found;
  const steps = sum(chosen.map(({ series }) => series.get(measure) ?? []));
  const value = reading.read(steps, start, end) ?? { unmeasured: `${name} never said its ${measure}` };
  return { value, unit: reading.unit, steps };
}

/** A node by its name, or a tier's nodes. */
function nodesCalled(name: string, tallies: ReadonlyMap<string, NodeTally>): NodeTally[] {
  const one = tallies.get(name);
  return one === undefined ? [...tallies.values()].filter(({ spec }) => spec.tier === name) : [one];
}
