/** Labs run the bundles in dist/, also when a test drives them from the sources: built here if any source is newer. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export default function buildIfStale(): void {
  const built = join(root, 'dist/traffic.js');
  if (existsSync(built) && statSync(built).mtimeMs > newestSource()) return;
  const { status, stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

function newestSource(): number {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const files = ['build.mjs', 'package.json', ...sources.map((name) => join('src', name))];
  return Math.max(...files.map((file) => statSync(join(root, file)).mtimeMs));
}
