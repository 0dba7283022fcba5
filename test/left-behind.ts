/** All that is there on this machine of the labs of a home: nothing may be once they are down. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allPids } from '../src/hosts/pids.ts';
import { findTagged } from '../src/hosts/process-tag.ts';
import { labPaths } from '../src/lab/paths.ts';

/**
 * Processes, namespaces, interfaces, mounts, sockets and files that carry the home of the labs, or the id of one of them.
 * @param names of labs that there may have been, beside those of which there is a folder or a process
 */
export async function leftBehind(home: string, names: readonly string[] = []): Promise<string[]> {
  const folders = await readdir(join(home, 'labs')).catch(() => []);
  const tagged = await findTagged();
  const ours = tagged.filter(({ folder }) => dirname(folder) === join(home, 'labs')).map(({ lab }) => lab);
  const ids = [...new Set([...ours, ...[...names, ...folders].map((name) => labPaths(name, home).id)])];
  const parts = await Promise.all([
    processes(home, new Set(tagged.flatMap(({ pid, lab }) => (ids.includes(lab) ? [pid] : [])))),
    entries('/run/netns', (name) => ids.some((id) => name.startsWith(`tl-${id}-`)), 'namespace'),
    linesOf(
      '/proc/net/dev',
      (line) => ids.some((id) => (/^\s*(\S+):/.exec(line)?.[1] ?? '').includes(id)),
      'interface',
    ),
    entries('/run/tierlab', (name) => ids.includes(name), 'folder'),
    linesOf('/proc/self/mountinfo', (line) => line.includes(`${home}/`), 'mount'),
    linesOf(
      '/proc/net/unix',
      (line) => line.includes(`${home}/`) || ids.some((id) => line.includes(`/${id}/`)),
      'socket',
    ),
  ]);
  return [...folders.map((name) => `folder of lab ${name}`), ...parts.flat()];
}

async function processes(home: string, tagged: ReadonlySet<number>): Promise<string[]> {
  const found = await Promise.all(
    allPids().map(async (pid) => {
      const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const isOurs = tagged.has(pid) || argv.includes(home);
      return isOurs && pid !== process.pid
        ? [`process ${pid}: ${argv.replaceAll('\0', ' ').slice(0, 120)}`]
        : [];
    }),
  );
  return found.flat();
}

async function entries(folder: string, isOurs: (name: string) => boolean, what: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter(isOurs).map((name) => `${what} ${name}`);
}

async function linesOf(file: string, isOurs: (line: string) => boolean, what: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(isOurs)
    .map((line) => `${what} ${line}`);
}
