import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';

/** Bundles the keeper and the agent as they are in the sources now, so that no stale `dist/` is tested. */
export async function buildGuestPrograms(): Promise<{ directory: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'tierlab-programs-'));
  // Guests of other users are tried, too.
  await chmod(directory, 0o755);
  for (const name of ['keeper', 'agent']) {
    await build({
      platform: 'node',
      logLevel: 'warn',
      input: { [name]: join(import.meta.dirname, `../../src/hosts/uml/${name}.ts`) },
      output: { dir: directory, format: 'esm', minify: 'dce-only', codeSplitting: false },
    });
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** A lab's folder that is nobody else's; its id is in its name. */
export async function makeLab(): Promise<{ id: string; directory: string }> {
  const id = Math.floor(Math.random() * 0xff_ffff)
    .toString(16)
    .padStart(6, '0');
  return { id, directory: await mkdtemp(join(tmpdir(), `tierlab-${id}-`)) };
}
