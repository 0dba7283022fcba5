// Node 20 runs no TypeScript: the bench becomes one file, which then runs in a process of its own, small enough that
// starting programs from it costs no more than from the product.
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  platform: 'node',
  logLevel: 'warn',
  input: { bench: here('run.ts') },
  output: {
    dir: here('../../node_modules/.cache/tierlab'),
    format: 'esm',
    entryFileNames: '[name].mjs',
    codeSplitting: false,
  },
});
