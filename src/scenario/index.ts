export { withControl } from './control.ts';
export { type ExpectationContext, loadScenario, type ScenarioSurroundings } from './load.ts';
export { scenarioJsonSchema, scenarioSchema } from './schema.ts';
export type * from './types.ts';
