/** What was measured against what the oracle had said, flow by flow. */
import { broken, type HeldView, moved, unwatched } from './held.ts';
import type { Measured, Metric } from './metric.ts';
import type { OracleComparison } from './types.ts';

/** The metrics whose sets of flows are foretold. */
export const foretoldMetrics = ['broken', 'moved'] as const;
export type ForetoldMetric = (typeof foretoldMetrics)[number];

export const isForetold = (path: string): path is ForetoldMetric =>
  foretoldMetrics.some((name) => name === path);

/** @returns the comparison of the whole run, or why there is none */
export function compareWithOracle(
  view: HeldView,
  metric: ForetoldMetric,
): OracleComparison | { unmeasured: string } {
  const { prediction, spec, timelineAt } = view;
  if (prediction === undefined) return { unmeasured: 'nothing was foretold' };
  if (prediction.unknowable !== undefined)
    return { unmeasured: `nothing could be foretold: ${prediction.unknowable}` };
  if (prediction.t > timelineAt) return { unmeasured: 'it was foretold only when the timeline had begun' };
  if (prediction.flows !== spec.connections)
    return { unmeasured: `it was foretold of ${prediction.flows} flows, not of ${spec.connections}` };
  const blind = metric === 'moved' ? unwatched(view) : undefined;
  if (blind !== undefined) return blind;
  const { must, may, unsaid, least, most } = prediction[metric];
  const measured = new Set((metric === 'broken' ? broken : moved)(view).map(({ flow }) => flow));
  const clients = new Map(view.flows.map(({ flow, client }) => [flow, client]));
  const possible = new Set([...must, ...may, ...unsaid]);
  const disagreements = [
    ...must.filter((flow) => !measured.has(flow)).map((flow) => ({ flow, predicted: true, measured: false })),
    ...[...measured]
      .filter((flow) => !possible.has(flow))
      .map((flow) => ({ flow, predicted: false, measured: true })),
  ];
  return {
    traffic: spec.name,
    metric,
    predicted: { least, most },
    measured: measured.size,
    disagreements: disagreements
      .sort((a, b) => a.flow - b.flow)
      .map((one) => ({ ...one, client: clients.get(one.flow) ?? null })),
    // Only chances: which of these flows it would be was not foretold, how many was.
    beyond: may.length === 0 ? 0 : Math.max(0, least - measured.size, measured.size - most),
    unsaid: unsaid.length,
    why: prediction.why,
  };
}

/** How many flows are not as foretold. */
export const disagreeing = ({ disagreements, beyond }: OracleComparison): number =>
  Math.max(disagreements.length, beyond);

export const oracleMetrics: readonly Metric<HeldView>[] = foretoldMetrics.flatMap(
  (name): Metric<HeldView>[] => [
    {
      name: `predicted.${name}`,
      unit: 'count',
      windowed: false,
      needs: 'prediction',
      meaning: `flows that the oracle foretold to be ${name}; only where it can name the number`,
      measure: (view) => predicted(compareWithOracle(view, name)),
    },
    {
      name: `disagreeing.${name}`,
      unit: 'count',
      windowed: false,
      needs: 'prediction',
      meaning: `flows that were ${name} and foretold not to be, or the other way round; flows of which the oracle cannot say it do not count`,
      measure: (view) => {
        const compared = compareWithOracle(view, name);
        return 'unmeasured' in compared ? compared : disagreeing(compared);
      },
    },
  ],
);

function predicted(compared: ReturnType<typeof compareWithOracle>): Measured {
  if ('unmeasured' in compared) return compared;
  const { least, most } = compared.predicted;
  return least === most ? least : { unmeasured: `somewhere from ${least} to ${most} were foretold` };
}

/** `oracle: 226, the same flows`; `oracle: 226, 3 flows disagree: 2 foretold and spared, 1 not foretold`. */
export function describeComparison(compared: OracleComparison): string {
  const { predicted, disagreements, beyond } = compared;
  const { least, most } = predicted;
  const number = least === most ? String(least) : `${least} to ${most}`;
  const missing = disagreements.filter((one) => one.predicted).length;
  const surplus = disagreements.length - missing;
  const parts = [
    ...(missing === 0 ? [] : [`${missing} foretold and spared`]),
    ...(surplus === 0 ? [] : [`${surplus} not foretold`]),
    ...(beyond === 0 ? [] : [`${beyond} beyond the bounds`]),
  ];
  if (parts.length > 0) return `oracle: ${number}, ${disagreeing(compared)} disagree: ${parts.join(', ')}`;
  return least === most ? `oracle: ${number}, the same flows` : `oracle: ${number}, none against it`;
}
