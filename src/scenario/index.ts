export { withControl } from './control.ts';
export { loadScenario } from './load.ts';
export { scenarioJsonSchema } from './schema.ts';
export type * from './types.ts';
