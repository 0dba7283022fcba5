import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document, Home, Outcome } from './tierlab.ts';

/** Lines of each log that are shown. */
const linesOfLog = 8;

/**
 * All that there is to know of a run that went wrong, for a log that is read where the run's folder is not: its report (reasons,
 * expectations, timeline, broken connections), what was said while it ran, and the end of each daemon's log.
 */
export async function explained(
  home: Home,
  { exitCode, stderr, document }: Pick<Outcome, 'exitCode' | 'stderr'> & { document: Document },
): Promise<string> {
  const { runDir } = document.scenarios?.[0] ?? {};
  const report =
    runDir === undefined ? JSON.stringify(document, null, 2) : (await home.run('judge', runDir)).stdout;
  const folder = runDir ?? (await newestRun(home));
  return [
    `tierlab ended with exit code ${exitCode}`,
    report,
    ...titled('progress', stderr.trimEnd()),
    ...(folder === undefined ? [] : await logs(folder)),
  ].join('\n');
}

async function newestRun({ directory }: Home): Promise<string | undefined> {
  const runs = join(directory, '.tierlab/runs');
  const newest = (await readdir(runs).catch(() => [])).sort().at(-1);
  return newest === undefined ? undefined : join(runs, newest);
}

async function logs(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.log')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8').catch(() => '')));
  return files.flatMap((file, i) => {
    const lines = (texts[i] ?? '').trimEnd().split('\n').slice(-linesOfLog);
    return lines.join('') === '' ? [] : titled(file, lines.join('\n'));
  });
}

const titled = (title: string, text: string): string[] => [`--- ${title}`, text];
