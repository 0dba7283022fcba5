// `node test/bundle.mjs FILE NAME`. Node 20 runs no TypeScript: a program beside the tests becomes one file, which then runs in
// a process of its own, small enough that starting programs from it costs no more than from the product.
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const [file = '', name = ''] = process.argv.slice(2);

await build({
  platform: 'node',
  logLevel: 'warn',
  input: { [name]: file },
  output: {
    dir: fileURLToPath(new URL('../node_modules/.cache/tierlab', import.meta.url)),
    format: 'esm',
    entryFileNames: '[name].mjs',
    codeSplitting: false,
  },
});
