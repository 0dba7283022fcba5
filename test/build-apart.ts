/**
 * Builds the package into a folder of its own, so that tests of the command line see the sources as they are now and
 * nobody's dist/ changes under a running lab.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Root of the built package: package.json, dist/, labs/, topologies/. */
    packageRoot: string;
  }
}

const root = join(import.meta.dirname, '..');
const packed = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'labs', 'topologies', 'docs'];

export default function buildApart(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-package-'));
  symlinkSync(join(root, 'src'), join(folder, 'src'));
  for (const name of packed) cpSync(join(root, name), join(folder, name), { recursive: true });
  const build = spawnSync(process.execPath, [join(root, 'build.mjs')], { cwd: folder, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`the build failed:\n${build.stderr}`);
  project.provide('packageRoot', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
