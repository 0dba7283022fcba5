export { checkExpectation } from './check.ts';
export { parseExpectation } from './expression.ts';
export { formatMeasured } from './format.ts';
export { judge } from './judge.ts';
export { judgeScenario } from './judge-scenario.ts';
export { describeMetrics, metricTable, metricUnit } from './metrics.ts';
export { HistoryError, type ParsedLine, parseHistory } from './parse-history.ts';
export {
  type HeldSeries,
  type HttpSeries,
  type LatencySeries,
  type Series,
  seriesOf,
  stalledMs,
  waitingMs,
} from './series.ts';
export type { Stage } from './stages.ts';
export type * from './types.ts';
