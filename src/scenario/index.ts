export { checkByHand } from './check-by-hand.ts';
export { withControl, withoutSkipped } from './control.ts';
export { loadScenario } from './load.ts';
export { scenarioJsonSchema } from './schema.ts';
export type * from './types.ts';
