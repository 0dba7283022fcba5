/** The built command line, as a user runs it, in a home of the bench's own. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { findProgram } from '../../src/hosts/programs.ts';
import type { Bench } from './contract.ts';

export interface CommandLine {
  /** TIERLAB_HOME of all its labs. */
  readonly home: string;
  /** @throws if it exits otherwise than with one of `exitCodes` (default: 0) */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

export interface RunOptions {
  /** CPUs that the command and all that it starts may use. */
  readonly cpus?: readonly number[];
  /** Put before the command: a program that executes the rest elsewhere. */
  readonly inside?: readonly string[];
  readonly timeoutMs?: number;
  readonly exitCodes?: readonly number[];
}

export interface Ran {
  readonly ms: number;
  readonly exitCode: number;
  readonly stdout: string;
  /** Lines on stderr, with the ms since the start at which each came. */
  readonly progress: readonly { readonly atMs: number; readonly line: string }[];
}

/** Whatever labs it makes are removed at the end of the bench. */
export async function commandLine(bench: Bench): Promise<CommandLine> {
  const home = join(bench.scratch, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const program = join(bench.dist, 'tierlab.js');
  const env = { TIERLAB_HOME: home, NO_COLOR: '1' };
  bench.defer.add('the labs', async () => {
    await execa(process.execPath, [program, 'down', '--all'], { env, timeout: 60_000 });
    await rm(home, { recursive: true, force: true });
  });
  return {
    home,
    run: async (args, { cpus, inside = [], timeoutMs = 60_000, exitCodes = [0] } = {}) => {
      const argv = [...inside, process.execPath, program, ...args];
      const confined = cpus === undefined ? argv : ['taskset', '-c', cpus.join(','), ...argv];
      const [file = '', ...rest] = confined;
      const progress: { atMs: number; line: string }[] = [];
      const start = performance.now();
      const child = execa(file, rest, {
        env,
        stdin: 'ignore',
        reject: false,
        timeout: timeoutMs,
        cancelSignal: bench.signal,
        // On its way out it takes its lab down.
        forceKillAfterDelay: 20_000,
        stderr: function* (line: unknown) {
          progress.push({ atMs: performance.now() - start, line: String(line) });
          yield line;
        },
      });
      const { exitCode, stdout, stderr, shortMessage } = await child;
      const ms = performance.now() - start;
      if (exitCode === undefined || !exitCodes.includes(exitCode))
        throw new Error(`${shortMessage}\n${String(stderr).split('\n').slice(-12).join('\n')}`);
      return { ms, exitCode, stdout: String(stdout), progress };
    },
  };
}

export function whyNoGuest(): string | undefined {
  const missing = ['linux.uml', 'bird', 'haproxy', 'keepalived'].filter(
    (name) => findProgram(name) === undefined,
  );
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')} (tierlab setup)`;
}
