export { checkExpectation, type ExpectationScope } from './check.ts';
export { type Expectation, parseExpectation } from './expression.ts';
export { formatMeasured } from './format.ts';
export { judge } from './judge.ts';
export { type JudgedRuns, judgeScenario } from './judge-scenario.ts';
export { describeMetrics, metricTable, metricUnit } from './metrics.ts';
export {
  type CorruptLine,
  type EventSource,
  HistoryError,
  type ParsedLine,
  parseHistory,
} from './parse-history.ts';
export { ExpressionError } from './tokens.ts';
export type * from './types.ts';
