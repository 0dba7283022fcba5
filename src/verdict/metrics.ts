/** The one list of metrics: parser, judge and documentation all read it. */
import { oracleMetrics } from './foretold.ts';
import { causes, type HeldView, heldMetrics } from './held.ts';
import type { TrafficSpec } from './history.ts';
import { type HttpView, httpMetrics } from './http.ts';
import type { Metric, Unit } from './metric.ts';
import { readings } from './nodes.ts';

export type TrafficType = TrafficSpec['type'];

/** What is known of a metric without measuring it. */
export type MetricTraits = Omit<Metric<never>, 'measure'>;

interface Views {
  readonly 'held-tcp': HeldView;
  readonly http: HttpView;
}

const tables: { readonly [Type in TrafficType]: readonly Metric<Views[Type]>[] } = {
  'held-tcp': [...heldMetrics, ...oracleMetrics],
  http: httpMetrics,
};

/** A metric by what follows the traffic's name, with what stands in the place of its angle brackets. */
export function findMetric<Type extends TrafficType>(
  type: Type,
  path: string,
): { readonly metric: Metric<Views[Type]>; readonly argument: string } | undefined {
  const table: readonly Metric<Views[Type]>[] = tables[type];
  const exact = table.find(({ name }) => name === path);
  if (exact !== undefined) return { metric: exact, argument: '' };
  for (const metric of table) {
    const [head = '', tail] = metric.name.split(/<\w+>/);
    if (tail === undefined || !path.startsWith(head) || !path.endsWith(tail)) continue;
    const argument = path.slice(head.length, path.length - tail.length);
    if (argument !== '' && !(tail === '' && argument.includes('.'))) return { metric, argument };
  }
  return undefined;
}

export function metricsOf<Type extends TrafficType>(type: Type): readonly Metric<Views[Type]>[] {
  return tables[type];
}

/** What can stand in the place of angle brackets. */
export interface MetricArguments {
  readonly node: readonly string[];
  readonly tier: readonly string[];
}

/** Every name that a metric of this type can be asked by, causes, nodes and tiers filled in. */
export function metricNames(type: TrafficType, known: MetricArguments): string[] {
  return tables[type].flatMap(({ name }) => {
    const what = argumentOf(name);
    if (what === undefined) return [name];
    const fitting = what === 'cause' ? causes : known[what];
    return fitting.map((one) => name.replace(`<${what}>`, one));
  });
}

/** What stands in the place of a metric's angle brackets. */
export function argumentOf(name: string): 'cause' | 'node' | 'tier' | undefined {
  return (['cause', 'node', 'tier'] as const).find((what) => name.includes(`<${what}>`));
}

/** The whole list as data. */
export const metricTable: readonly (MetricTraits & { readonly traffic: TrafficType })[] = [
  ...tables['held-tcp'].map(({ measure: _, ...traits }) => ({ traffic: 'held-tcp' as const, ...traits })),
  ...httpMetrics.map(({ measure: _, ...traits }) => ({ traffic: 'http' as const, ...traits })),
];

/** What nodes of one kind can be asked for. */
export interface MeasuredKind {
  readonly kind: string;
  readonly measures: Readonly<
    Record<string, { readonly type: 'gauge' | 'counter'; readonly meaning: string }>
  >;
}

/** What nodes can be asked for, as data. */
export const nodeMetricTable = (
  kinds: readonly MeasuredKind[],
): { name: string; kind: string; unit: Unit; windowed: true; meaning: string }[] =>
  kinds.flatMap(({ kind, measures }) =>
    Object.entries(measures).flatMap(([name, { type, meaning }]) =>
      readings
        .filter((reading) => reading.of === type)
        .map((reading) => ({
          name: `${name}${reading.suffix}`,
          kind,
          unit: reading.unit,
          windowed: true as const,
          meaning: `${meaning}: ${reading.meaning}`,
        })),
    ),
  );

/** The list as Markdown tables, for the documentation. */
export function describeMetrics(kinds: readonly MeasuredKind[]): string {
  const rows = metricTable.map(({ name, traffic, unit, windowed, meaning }) => {
    return `| \`${name}\` | ${traffic} | ${unit} | ${windowed ? 'yes' : 'no'} | ${meaning} |`;
  });
  const head = ['| metric | traffic | unit | windows | meaning |', '|---|---|---|---|---|'];
  return `${[...head, ...rows, '', ...describeNodeMetrics(kinds)].join('\n')}\n`;
}

/** Measures in one table, what can be read of any of them in another: the product of both would be long and dull. */
function describeNodeMetrics(kinds: readonly MeasuredKind[]): string[] {
  const measures = new Map<string, { type: string; meaning: string; kinds: string[] }>();
  for (const { kind, measures: own } of kinds) {
    for (const [name, { type, meaning }] of Object.entries(own)) {
      const key = `${name}\n${meaning}`;
      const known = measures.get(key) ?? { type, meaning, kinds: [] };
      measures.set(key, known);
      known.kinds.push(kind);
    }
  }
  return [
    '## Nodes and tiers',
    '',
    'The first part may also be a node (`l4-1.servers_up`) or a tier (`l7.sessions`: the sum over its nodes). Nodes are asked',
    'every half second, or every second where no expectation is about them; one that is dead has nothing to say, and its gauges',
    'count as 0. What was so at *some* moment is written `r-1.ways == 1 within crash..+2s`; how long it took to become so,',
    '`l4-2.servers_up.settled in crash..+10s < 3s`. Every stretch of time may follow.',
    '',
    '| measure | kinds | type | meaning |',
    '|---|---|---|---|',
    ...[...measures].map(
      ([key, { kinds: of, type, meaning }]) =>
        `| \`${key.split('\n')[0]}\` | ${of.join(', ')} | ${type} | ${meaning} |`,
    ),
    '',
    '| reading | of a | unit | meaning |',
    '|---|---|---|---|',
    ...readings.map(
      ({ suffix, of, unit, meaning }) => `| \`<measure>${suffix}\` | ${of} | ${unit} | ${meaning} |`,
    ),
  ];
}

/** The unit of a metric by its name without the traffic's, whatever the traffic's type. */
export function metricUnit(path: string): Unit | undefined {
  return (findMetric('held-tcp', path) ?? findMetric('http', path))?.metric.unit;
}
