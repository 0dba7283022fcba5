/** The reference lab of 2018 at full size in a guest, beside our own three-tier lab in the same run. */
import { join } from 'node:path';
import { type CommandLine, commandLine } from './command-line.ts';
import type { Measurement, Row } from './contract.ts';
import { guestMemoryMb } from './empty-guest.ts';
import { median, takeTurns } from './samples.ts';

const measurement = 'reference';

interface Inside {
  readonly processes: number;
  readonly usedMb: number;
}

export const reference: Measurement = {
  names: [measurement],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    bench.report({
      type: 'step',
      message: `reference-2018 in one family and in both, and three-tier, in turns, ${bench.repeats} times`,
    });
    const upMs = async (name: string, inside?: Inside[]): Promise<number> => {
      const topology = join(bench.root, `topologies/${name}.yaml`);
      const argv = ['up', topology, '--lab', 'bench', '--host', 'uml', '--memory', String(guestMemoryMb)];
      const { ms } = await cli.run(argv, { timeoutMs: 120_000 });
      inside?.push(await lookInside(cli));
      await cli.run(['down', 'bench']);
      return ms;
    };
    const [one, both]: [Inside[], Inside[]] = [[], []];
    const samples = await takeTurns(
      {
        small: () => upMs('three-tier'),
        large: () => upMs('reference-2018', one),
        dual: () => upMs('reference-2018-dual-stack', both),
      },
      { repeats: bench.repeats, signal: bench.signal },
    );
    for (const row of rowsOf('reference-2018', samples.large, samples.small, one)) found(row);
    for (const row of rowsOf('reference-2018-dual-stack', samples.dual, samples.small, both)) found(row);
  },
};

/** Kernel threads count among the processes; memory is what the guest's kernel could not give to somebody else. */
async function lookInside(cli: CommandLine): Promise<Inside> {
  const script = 'ls -d /proc/[0-9]* | wc -l; cat /proc/meminfo';
  const { stdout } = await cli.run(['exec', 'r-1', '--', 'sh', '-c', script]);
  const kilobytes = (key: string): number => Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(stdout)?.[1]);
  return {
    processes: Number.parseInt(stdout, 10),
    usedMb: ((kilobytes('MemTotal') - kilobytes('MemAvailable')) * 1024) / 1e6,
  };
}

function rowsOf(what: string, large: number[], small: number[], inside: readonly Inside[]): Row[] {
  const processes = inside.map((each) => each.processes);
  const usedMb = inside.map((each) => each.usedMb);
  return [
    {
      measurement,
      what: `${what} in a guest: up`,
      unit: 'ms',
      measured: median(large),
      reference: { what: 'three-tier', median: median(small) },
      goal: { of: 'measured', atMost: 20_000 },
      samples: { tierlab: large, reference: small },
      note: '36 nodes beside 12',
    },
    {
      measurement,
      what: `${what}: processes in the guest`,
      unit: 'things',
      measured: median(processes),
      goal: { of: 'measured', atMost: 120 },
      samples: { tierlab: processes },
      note: 'kernel threads, the helper and those of the command that counts included',
    },
    {
      measurement,
      what: `${what}: memory used in the guest`,
      unit: 'MB',
      measured: median(usedMb),
      goal: { of: 'measured', atMost: 450 },
      samples: { tierlab: usedMb },
    },
  ];
}
