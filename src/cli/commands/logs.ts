import { createReadStream, type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exitCodes, InputError, WorldError } from '../../base/errors.ts';
import { plain } from '../../base/plain.ts';
import { suggest } from '../../base/suggest.ts';
import { logFile } from '../../lab/index.ts';
import type { Context } from '../context.ts';
import { findLab } from '../labs.ts';

interface LogFlags {
  readonly lab?: string;
  readonly follow?: boolean;
  readonly daemon?: string;
  readonly lines?: number;
}

/** Logs are files in the lab's folder, so they can be read while the guest is busy, and after it died. */
export async function logs(
  context: Context,
  node: string,
  { lab: name, follow = false, daemon, lines }: LogFlags,
): Promise<number> {
  if (follow && context.format === 'json') {
    const message = '--follow goes on for ever: what it prints is no JSON document';
    throw new InputError([{ file: 'command line:', message, hint: 'leave --follow out, or --format json' }]);
  }
  const { lab, plan } = await findLab(name, 'daemons');
  const names = plan.nodes.map((candidate) => candidate.name);
  if (!names.includes(node)) {
    throw new WorldError(`lab "${lab.name}" has no node "${node}"`, {
      code: 'no-such-node',
      exitCode: 4,
      hint: suggest(node, names, 'nodes'),
    });
  }
  const files = await logsOf(join(logFile(lab, node, 'x'), '..'), node, daemon);
  if (files.length === 0) context.print(`Node ${node} has no log: no daemon of its own.`);
  const prefix = (file: string): string => (files.length > 1 ? `${basename(file, '.log')}: ` : '');
  const collected: Record<string, string[]> = {};
  for (const file of files) {
    const all = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
    const wanted = lines === undefined ? all : all.slice(Math.max(0, all.length - lines));
    collected[basename(file, '.log')] = wanted;
    for (const line of wanted) context.print(prefix(file) + plain(line));
  }
  if (!follow) context.printJson({ node, logs: collected });
  else
    await Promise.all(
      files.map((file) =>
        followFile(file, (line) => context.print(prefix(file) + plain(line)), context.signal),
      ),
    );
  return exitCodes.pass;
}

async function logsOf(folder: string, node: string, daemon: string | undefined): Promise<string[]> {
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith('.log'))
    .map((name) => basename(name, '.log'));
  if (daemon === undefined) return names.map((name) => join(folder, `${name}.log`));
  if (names.includes(daemon)) return [join(folder, `${daemon}.log`)];
  throw new WorldError(`node ${node} has no log of "${daemon}"`, {
    code: 'no-such-log',
    exitCode: 4,
    hint: suggest(daemon, names, 'logs'),
  });
}

/** Prints what is appended to a file until the signal aborts, or nobody reads it any more. */
async function followFile(file: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
  let position = (await stat(file)).size;
  let rest = '';
  const more = async (): Promise<void> => {
    for await (const chunk of createReadStream(file, { start: position, encoding: 'utf8' })) {
      position += Buffer.byteLength(chunk as string);
      const parts = (rest + (chunk as string)).split('\n');
      rest = parts.pop() ?? '';
      parts.forEach(onLine);
    }
  };
  let reading = Promise.resolve();
  const watcher: FSWatcher = watch(file, () => {
    reading = reading.then(more);
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    // Whoever reads may have seen enough (`| head`).
    process.stdout.once('error', () => resolve());
  });
  watcher.close();
  await reading;
}
