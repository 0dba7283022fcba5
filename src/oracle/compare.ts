import type { TrafficForecast } from './types.ts';

/** A flow as forecasts and judgements name it. */
interface NamedFlow {
  readonly traffic: string;
  readonly flow: number;
}

/** Flow by flow; ascending numbers. */
export interface Comparison {
  readonly traffic: string;
  /** Broken as foretold: for certain or possibly. */
  readonly agree: readonly number[];
  /** Foretold for certain, and did not break. */
  readonly missing: readonly number[];
  /** Broke, and could not according to the forecast. */
  readonly surplus: readonly number[];
  /** Is the number of broken flows within the bounds? */
  readonly withinBounds: boolean;
}

/** Holds the measured set of broken flows (a judgement's `brokenFlows`) against the foretold one, traffic by traffic. */
export function compare(
  predicted: readonly Pick<TrafficForecast, 'traffic' | 'must' | 'may' | 'broken'>[],
  measured: readonly NamedFlow[],
): readonly Comparison[] {
  return predicted.map(({ traffic, must, may, broken: bounds }) => {
    const broken = new Set(measured.filter((flow) => flow.traffic === traffic).map(({ flow }) => flow));
    const foretold = new Set([...must, ...may]);
    const inOrder = [...broken].sort((a, b) => a - b);
    return {
      traffic,
      agree: inOrder.filter((flow) => foretold.has(flow)),
      missing: must.filter((flow) => !broken.has(flow)),
      surplus: inOrder.filter((flow) => !foretold.has(flow)),
      withinBounds: broken.size >= bounds.least && broken.size <= bounds.most,
    };
  });
}
