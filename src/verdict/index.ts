export { checkExpectation, type ExpectationScope } from './check.ts';
export { type Expectation, parseExpectation } from './expression.ts';
export { formatMeasured } from './format.ts';
export { judge } from './judge.ts';
export { judgeScenario } from './judge-scenario.ts';
export { describeMetrics, metricUnit } from './metrics.ts';
export { type CorruptLine, HistoryError, type ParsedLine, parseHistory } from './parse-history.ts';
export { ExpressionError } from './tokens.ts';
export type * from './types.ts';
