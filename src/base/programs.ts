import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Folder of the product's own bundled programs (keeper.js, agent.js, web.js, traffic.js): where the running
 * bundle is, or the checkout's `dist/` when the sources run unbundled (tests).
 */
export function programsDirectory(from: string = import.meta.url): string {
  const here = dirname(fileURLToPath(from));
  if (basename(here) === 'chunks') return dirname(here);
  return here.endsWith('/src/base') ? resolve(here, '../../dist') : here;
}
