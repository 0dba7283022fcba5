import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** The built package's entry. */
export const entry = (): string => join(inject('packageRoot'), 'dist/tierlab.js');

/** Runs the built command line in the package's folder, with a home of its own unless `env` names one. */
export function tierlab(args: readonly string[], { env = {}, cwd, input = '' }: CliOptions = {}): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry(), ...args], {
    cwd: cwd ?? inject('packageRoot'),
    env: {
      PATH: process.env.PATH ?? '',
      HOME: '/nonexistent',
      TIERLAB_HOME: env.TIERLAB_HOME ?? scratch(),
      ...env,
    },
    encoding: 'utf8',
    input,
    timeout: 20_000,
  });
  return { exitCode: status, stdout, stderr };
}

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
