// Bundles the product into dist/. Start-up is what bundling is for: inside the guest each extra file that
// Node opens costs a round trip through hostfs. The CLI is split, so that `--version` loads next to nothing;
// the programs that run inside a lab are one file each.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

// hdr-histogram-js looks for zlib by eval; bundlers warn of that.
const shared = { platform: 'node', logLevel: 'warn', checks: { eval: false } };
const output = { dir: 'dist', format: 'esm', minify: 'dce-only' };

await rm('dist', { recursive: true, force: true });
await build({
  ...shared,
  input: { tierlab: 'src/cli/main.ts' },
  output: {
    ...output,
    chunkFileNames: 'chunks/[name]-[hash].js',
    banner: (c) => (c.isEntry ? '#!/usr/bin/env node' : ''),
  },
});
/** One self-contained file each: they start inside the lab, where every opened file counts. */
const programs = {
  keeper: 'src/hosts/uml/keeper.ts',
  agent: 'src/hosts/uml/agent.ts',
  web: 'src/kinds/web/server.ts',
  traffic: 'src/traffic/generator.ts',
};
for (const [name, input] of Object.entries(programs)) {
  await build({ ...shared, input: { [name]: input }, output: { ...output, codeSplitting: false } });
}

/** Script and style of the HTML report's page: it carries both in itself. */
const uplotNotice = '/*! uPlot, © Leon Sorokin, MIT licence, https://github.com/leeoniya/uPlot */';
await build({
  ...shared,
  platform: 'browser',
  tsconfig: false,
  input: { page: 'src/report/page/main.ts' },
  output: { dir: 'dist', format: 'iife', minify: true, banner: uplotNotice },
});
const uplotStyle = await readFile(fileURLToPath(import.meta.resolve('uplot/dist/uPlot.min.css')), 'utf8');
const pageStyle = await readFile('src/report/page/page.css', 'utf8');
await writeFile('dist/page.css', `${uplotNotice}\n${uplotStyle}\n${pageStyle}`);
