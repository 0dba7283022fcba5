/** The one list of metrics: parser, judge and documentation all read it. */
import { causes, type HeldView, heldMetrics } from './held.ts';
import type { TrafficSpec } from './history.ts';
import { type HttpView, httpMetrics } from './http.ts';
import type { Metric, Unit } from './metric.ts';

export type TrafficType = TrafficSpec['type'];

/** What is known of a metric without measuring it. */
export type MetricTraits = Omit<Metric<never>, 'measure'>;

interface Views {
  readonly 'held-tcp': HeldView;
  readonly http: HttpView;
}

const tables: { readonly [Type in TrafficType]: readonly Metric<Views[Type]>[] } = {
  'held-tcp': heldMetrics,
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
  const dot = path.indexOf('.');
  const metric = table.find(({ name }) => name.includes('<') && name.startsWith(`${path.slice(0, dot)}.<`));
  return dot < 0 || metric === undefined ? undefined : { metric, argument: path.slice(dot + 1) };
}

export function metricsOf<Type extends TrafficType>(type: Type): readonly Metric<Views[Type]>[] {
  return tables[type];
}

/** Every name that a metric of this type can be asked by, causes and nodes filled in. */
export function metricNames(type: TrafficType, nodes: readonly string[]): string[] {
  return tables[type].flatMap(({ name }) => {
    if (name.endsWith('<cause>')) return causes.map((cause) => name.replace('<cause>', cause));
    if (name.endsWith('<node>')) return nodes.map((node) => name.replace('<node>', node));
    return [name];
  });
}

/** The whole list as data. */
export const metricTable: readonly (MetricTraits & { readonly traffic: TrafficType })[] = [
  ...heldMetrics.map(({ measure: _, ...traits }) => ({ traffic: 'held-tcp' as const, ...traits })),
  ...httpMetrics.map(({ measure: _, ...traits }) => ({ traffic: 'http' as const, ...traits })),
];

/** The list as a Markdown table, for the documentation. */
export function describeMetrics(): string {
  const rows = metricTable.map(({ name, traffic, unit, windowed, meaning }) => {
    return `| \`${name}\` | ${traffic} | ${unit} | ${windowed ? 'yes' : 'no'} | ${meaning} |`;
  });
  const head = ['| metric | traffic | unit | windows | meaning |', '|---|---|---|---|---|'];
  return `${[...head, ...rows].join('\n')}\n`;
}

/** The unit of a metric by its name without the traffic's, whatever the traffic's type. */
export function metricUnit(path: string): Unit | undefined {
  return (findMetric('held-tcp', path) ?? findMetric('http', path))?.metric.unit;
}
