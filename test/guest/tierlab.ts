/** The bundled command line as a user runs it, in a home of its own, and the inventory of what it leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leftBehind } from '../left-behind.ts';

export const repository = resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const threeTier = join(repository, 'topologies/three-tier.yaml');
const program = join(repository, 'dist/tierlab.js');

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Home {
  readonly directory: string;
  readonly run: (...args: string[]) => Promise<Outcome>;
  readonly start: (...args: string[]) => Started;
  /** What is there of this home: processes, namespaces, folders of labs. Empty if nothing is left. */
  readonly inventory: () => Promise<string[]>;
  readonly remove: () => Promise<void>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** @param name how its folder's name begins */
export async function makeHome(name = 'tierlab-test-'): Promise<Home> {
  const directory = await mkdtemp(join(tmpdir(), name));
  // Vitest runs as many files at once as there are processors for.
  const env = { ...process.env, TIERLAB_HOME: directory, TIERLAB_JOBS: '1', NO_COLOR: '1' };
  const start = (...args: string[]): Started => {
    const child = spawn(process.execPath, [program, ...args], {
      env,
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, outcome: collect(child) };
  };
  const run = (...args: string[]): Promise<Outcome> => start(...args).outcome;
  return {
    directory,
    run,
    start,
    inventory: () => leftBehind(directory),
    async remove() {
      await run('down', '--all');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function collect(child: ChildProcess): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { exitCode: code ?? -1, ...texts };
}

export interface Document {
  readonly verdict: string;
  readonly scenarios: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly reasons: readonly string[];
    readonly expectations: readonly { expression: string; verdict: string; actual: number | null }[];
    readonly metrics: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
    readonly control?: {
      readonly verdict: string;
      readonly metrics: Document['scenarios'][number]['metrics'];
      readonly brokenFlows: Document['scenarios'][number]['brokenFlows'];
    };
    readonly brokenFlows: readonly {
      readonly flow: number;
      readonly client: string;
      readonly l4Before: string | null;
      readonly l7: string;
      readonly backend: string;
      readonly cause: string;
      readonly packets?: {
        readonly file: string;
        readonly count: number;
        readonly nodes: readonly string[];
        readonly ended?: { readonly by: string; readonly with: string };
      };
    }[];
    readonly timeline: readonly { name: string; landed: boolean; evidence: string }[];
    readonly host: string;
    readonly kernel: string;
    readonly seed: number;
    readonly runDir: string;
  }[];
}

/**
 * Runs a scenario in a guest. A machine that is too busy for its figures to be believed says `unknown` (exit code 5): that is
 * the verdict doing its work, and says nothing of the scenario, so it is tried again.
 */
export async function judged(
  home: Home,
  scenario: string,
  ...flags: string[]
): Promise<{ exitCode: number; document: Document; stderr: string }> {
  for (let attempt = 1; ; attempt++) {
    const { exitCode, stdout, stderr } = await home.run(
      'test',
      scenario,
      '--host',
      'uml',
      '--format',
      'json',
      ...flags,
    );
    const document = JSON.parse(stdout) as Document;
    if (exitCode !== 5 || attempt === 3) return { exitCode, document, stderr };
    process.stderr.write(`${scenario}: unknown, tried again: ${document.scenarios[0]?.reasons.join('; ')}\n`);
  }
}
