import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './tierlab.ts';

const script = join(repository, 'test/chaos/own-machine.sh');

/**
 * Runs a shell script on a machine of its own.
 * @param as what goes before the command, to run it as somebody else
 */
export function onOwnMachine(
  text: string,
  as: readonly string[] = [],
  timeoutMs = 30_000,
): { exitCode: number | null; said: string } {
  const [program = '', ...argv] = [...as, 'sh', script, 'sh', '-c', text];
  const { status, stdout, stderr } = spawnSync(program, argv, { encoding: 'utf8', timeout: timeoutMs });
  return { exitCode: status, said: `${stdout}${stderr}` };
}

/** @returns why none can be had: in many containers neither root nor others may make namespaces */
export function whyNoOwnMachine(as: readonly string[] = []): string | undefined {
  const { exitCode, said } = onOwnMachine('true', as);
  return exitCode === 0 ? undefined : `no machine of its own can be made here: ${said.trim()}`;
}
