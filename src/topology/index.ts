export { describePlan } from './describe.ts';
export { parseDocument, type YamlDocument } from './document.ts';
export { loadTopology, topologyOf } from './load.ts';
export { nodeNames } from './names.ts';
export { planTopology } from './plan.ts';
export { readDocument } from './read-document.ts';
export { topologyJsonSchema } from './schema.ts';
export type * from './types.ts';
export { inOrder, validate, type Wording } from './validate.ts';
