/** One call of the command line: what it said, how it ended, and what is wrong with that. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { exitCodes } from '../../src/base/errors.ts';
import type { Verb } from './verbs.ts';

export interface Place {
  /** dist/tierlab.js */
  readonly program: string;
  /** All that a round writes is below: empty between two rounds. */
  readonly disk: string;
  /** TIERLAB_HOME, on the disk. */
  readonly home: string;
  /** Working directory, with the input files; not on the disk. */
  readonly folder: string;
  readonly host: 'uml' | 'native';
  /** How many times longer than usual everything may take. */
  readonly patience: number;
}

export interface Called {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly argv: readonly string[];
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
  readonly tookMs: number;
  /** It did not end by itself. */
  readonly hung: boolean;
}

export interface Limits {
  readonly openFiles?: number;
  /** MiB of a guest. */
  readonly memory?: number;
}

export function call(place: Place, verb: Verb, limits: Limits = {}): Called {
  const { program, disk, home, folder, host, patience } = place;
  const argv = verb.argv.map((word) => (word === 'HOST' ? host : word.replace(/^DISK\//, `${disk}/`)));
  const { openFiles, memory } = limits;
  const files = openFiles === undefined ? '' : `ulimit -n ${openFiles} || exit ${refused}; `;
  const memories = memory === undefined ? {} : { TIERLAB_MEMORY: String(memory) };
  const child = spawn('sh', ['-c', `${files}exec "$@"`, 'sh', process.execPath, program, ...argv], {
    cwd: folder,
    env: { ...process.env, TIERLAB_HOME: home, NO_COLOR: '1', ...memories },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, ended: collect(child, argv, verb.limitMs * patience) };
}

/** No command ends with this: the limit was not accepted, and nothing was tried. */
const refused = 99;

async function collect(child: ChildProcess, argv: readonly string[], limitMs: number): Promise<Ended> {
  const start = performance.now();
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-20_000);
    });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, limitMs);
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return { argv, exitCode, signal, said, tookMs: performance.now() - start, hung };
}

const documented: readonly number[] = Object.values(exitCodes).filter((code) => code !== exitCodes.bug);

/** @returns a sentence for each thing that a command must not do */
export function complaints(
  { exitCode, signal, said, hung, tookMs }: Ended,
  { passesExitCode = false }: Pick<Verb, 'passesExitCode'>,
  killed: boolean,
): string[] {
  const found: string[] = [];
  if (hung) found.push(`it hung: nothing after ${Math.round(tookMs / 1000)} s`);
  else if (exitCode === null && !killed) found.push(`it died of ${signal}`);
  if (exitCode !== null && !documented.includes(exitCode) && !passesExitCode)
    found.push(`its exit code is ${exitCode}`);
  if (
    exitCode === exitCodes.bug ||
    /This is a bug|^\s+at \S.*:\d+:\d+\)?$|node:internal|Node\.js v\d/m.test(said)
  )
    found.push('it shows a stack trace');
  const errors = said.split('\n').filter((line) => line.startsWith('error: '));
  if (errors.length > 1) found.push(`it gives ${errors.length} errors`);
  if (exitCode === 3 || (exitCode === 4 && !passesExitCode)) {
    if (errors.length === 0 && !/no verdict|NOT healed/.test(said))
      found.push('it does not say what is wrong');
  }
  return found;
}
