/** The daemons' own checkers: each reads a configuration as the daemon would, and says what is wrong. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { kinds } from '../../../src/kinds/index.ts';
import type { Plan } from '../../../src/topology/types.ts';

export const checkers = [
  { program: 'bird', file: 'bird.conf', argv: ['-p', '-c'] },
  { program: 'haproxy', file: 'haproxy.cfg', argv: ['-c', '-f'] },
  { program: 'keepalived', file: 'keepalived.conf', argv: ['-t', '-f'] },
] as const;

export type Checker = (typeof checkers)[number];

const path = `${process.env.PATH}:/usr/sbin:/sbin`;

export const isHere = ({ program }: Checker): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: path } }).status === 0;

/**
 * Renders every node of the plan into a folder of its own, and has the checker read what belongs to it, as many at once
 * as the machine has processors. @returns how many were read, and what was said against them; a warning counts
 */
export async function refusals(
  { program, file, argv }: Checker,
  plan: Plan,
  folder: string,
): Promise<{ asked: number; against: string[] }> {
  const configurations = plan.nodes.flatMap((node) => {
    const base = join(folder, node.name);
    const paths = { files: base, linked: base, run: base, programs: '/programs', node: '/node' };
    const files = kinds[node.kind]?.render(node, plan, paths) ?? {};
    if (files[file] === undefined) return [];
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(base, name)), { recursive: true });
      writeFileSync(join(base, name), text);
    }
    return [join(base, file)];
  });
  const against: string[] = [];
  const waiting = [...configurations];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const said = await check(program, [...argv, next]);
      if (said !== '') against.push(`${next}: ${said}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return { asked: configurations.length, against };
}

async function check(program: string, argv: readonly string[]): Promise<string> {
  const run = promisify(execFile);
  try {
    const { stdout, stderr } = await run(program, argv, { env: { PATH: path }, timeout: 20_000 });
    const said = `${stdout}${stderr}`;
    return /warning|error|unknown/i.test(said) ? said : '';
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    return `${message}\n${stdout}${stderr}`;
  }
}
