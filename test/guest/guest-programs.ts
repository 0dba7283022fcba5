import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';
import type { Host, HostLab } from '../../src/hosts/contract.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';

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

/** A guest of the sources as they are now, in a lab that is nobody else's, with those kernel modules. @returns `close` removes all of it */
export async function openGuest(
  modules: readonly string[],
): Promise<{ readonly host: Host; readonly close: () => Promise<void> }> {
  const lab = await makeLab();
  const programs = await buildGuestPrograms();
  const kind = umlHost(programs.directory);
  const remove = async (): Promise<void> => {
    await kind.destroy(lab);
    await programs.remove();
    await rm(lab.directory, { recursive: true, force: true });
  };
  try {
    const host = await kind.open({ lab, report: () => {} });
    await host.loadModules(modules);
    const close = async (): Promise<void> => {
      await host.disconnect();
      await remove();
    };
    return { host, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Opens a guest in another process, which is killed as soon as the guest is open. @returns what it said */
export async function openElsewhere(
  lab: HostLab,
  programs: string,
  wrapper: readonly string[],
): Promise<string> {
  const dir = join(programs, 'elsewhere');
  await build({
    platform: 'node',
    logLevel: 'warn',
    input: { opener: join(import.meta.dirname, '../../src/hosts/uml/index.ts') },
    output: { dir, format: 'esm', codeSplitting: false },
  });
  const script = `
    const { umlHost } = await import(${JSON.stringify(join(dir, 'opener.js'))});
    const host = await umlHost(${JSON.stringify(programs)}).open({ lab: ${JSON.stringify(lab)}, report: () => {} });
    console.log('opened', (await host.exec(['true'])).exitCode);
    setInterval(() => {}, 1000);`;
  const [program = '', ...args] = [...wrapper, process.execPath, '--input-type=module', '-e', script];
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const [first] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => [said])]);
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  return String(first);
}
