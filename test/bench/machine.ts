/** On what the bench ran. */
import { cpus, release, totalmem } from 'node:os';
import { execa } from 'execa';

export interface Machine {
  readonly kernel: string;
  readonly cpus: { readonly count: number; readonly model: string };
  readonly memoryMb: number;
  /** First line that each program says of its version; missing ones are left out. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function describeMachine(tierlab: string): Promise<Machine> {
  const [first] = cpus();
  return {
    kernel: release(),
    cpus: { count: cpus().length, model: first?.model ?? 'unknown' },
    memoryMb: Math.round(totalmem() / 2 ** 20),
    versions: { tierlab, node: process.version, ...(await versions()) },
  };
}

async function versions(): Promise<Record<string, string>> {
  const asked = {
    ip: ['ip', '-V'],
    'linux.uml': ['linux.uml', '--version'],
    bird: ['bird', '--version'],
    haproxy: ['haproxy', '-v'],
    keepalived: ['keepalived', '--version'],
    mininet: ['mn', '--version'],
  };
  const answers = await Promise.all(
    Object.entries(asked).map(async ([name, [program = '', ...args]]) => {
      const { all, failed } = await execa(program, args, {
        all: true,
        reject: false,
        timeout: 5000,
        env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
      });
      const line = all?.split('\n').find((text) => /\d/.test(text));
      return failed || line === undefined ? [] : [[name, line.trim()] as const];
    }),
  );
  return Object.fromEntries(answers.flat());
}
