export { parseDocument, readDocument, type YamlDocument } from './document.ts';
export { loadTopology, topologyOf } from './load.ts';
export { nodeNames, refuseName } from './names.ts';
export { planTopology } from './plan.ts';
export { jsonSchema, topologySchema } from './schema.ts';
export type * from './types.ts';
export { inOrder, show, type Validated, validate, type Wording } from './validate.ts';
