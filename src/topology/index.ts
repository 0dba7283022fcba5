export { describePlan } from './describe.ts';
export { parseDocument, readDocument, type YamlDocument } from './document.ts';
export { loadTopology } from './load.ts';
export { nodeNames } from './names.ts';
export { planTopology } from './plan.ts';
export { topologyJsonSchema, topologySchema } from './schema.ts';
export type * from './types.ts';
export { inOrder, validate, type Wording } from './validate.ts';
