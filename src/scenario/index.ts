export { checkByHand, checkRollingByHand, checkScaleByHand } from './check-by-hand.ts';
export { describeEntry } from './describe.ts';
export { loadScenario } from './load.ts';
export { plansOver, scaled } from './membership.ts';
export { scenarioJsonSchema } from './schema.ts';
export type * from './types.ts';
