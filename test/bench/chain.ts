/** The three-tier lab in a guest: coming up, a command in it, its memory, going down. */
import { join } from 'node:path';
import { execa } from 'execa';
import { labPaths } from '../../src/lab/index.ts';
import { type CommandLine, commandLine, type Ran } from './command-line.ts';
import type { Bench, Measurement, Outcome } from './contract.ts';
import { allowedCpus, bootAndPowerOff, guestMemoryMb } from './empty-guest.ts';
import { leftOvers, processesOf } from './lab-processes.ts';
import { type ResidentMemory, residentMemory } from './resident-memory.ts';
import { median, takeTurns, timed } from './samples.ts';

const execs = 20;

interface Seen {
  readonly ups: Ran[];
  readonly boots: number[];
  readonly downs: number[];
  readonly left: string[];
  readonly execs: number[];
  readonly nodes: number[];
  readonly memory: ResidentMemory[];
}

export const chain: Measurement = {
  names: ['up', 'exec', 'down', 'memory'],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    const seen: Seen = { ups: [], boots: [], downs: [], left: [], execs: [], nodes: [], memory: [] };
    const cycles = bench.wanted.has('up') || bench.wanted.has('down') ? bench.repeats : 1;
    const cpus = (await allowedCpus('self')).slice(-2);
    bench.report({
      type: 'step',
      message: `three-tier in a guest, ${cycles} times up and down on CPUs ${cpus.join(' and ')}`,
    });
    for (let cycle = 1; cycle <= cycles; cycle++) await once(bench, cli, cpus, seen, cycle === cycles);
    for (const outcome of outcomesOf(seen)) if (bench.wanted.has(outcome.measurement)) found(outcome);
  },
};

/** Each cycle begins with the reference, so that both see the same machine. */
async function once(
  bench: Bench,
  cli: CommandLine,
  cpus: readonly number[],
  seen: Seen,
  isLast: boolean,
): Promise<void> {
  const { signal, wanted } = bench;
  const topology = join(bench.root, 'topologies/three-tier.yaml');
  const lab = labPaths('three-tier', cli.home);
  if (wanted.has('up')) seen.boots.push(await bootAndPowerOff(bench, cpus));
  signal.throwIfAborted();
  seen.ups.push(
    await cli.run(['up', topology, '--host', 'uml', '--memory', String(guestMemoryMb)], { cpus }),
  );
  const processes = await processesOf(lab);
  // Whoever does not see them while the lab is up would not see what is left of it either.
  if (processes.keepers.length === 0 || processes.guest.length === 0)
    throw new Error('the processes of the lab are not to be found');
  seen.memory.push(await residentMemory(processes));
  if (isLast && wanted.has('exec')) await measureExec(cli, seen, bench);
  seen.downs.push((await cli.run(['down', 'three-tier'])).ms);
  seen.left.push(...(await leftOvers(lab, cli.home, processes.kernel)));
}

async function measureExec(cli: CommandLine, seen: Seen, { signal }: Bench): Promise<void> {
  const samples = await takeTurns(
    {
      node: () => timed(() => execa(process.execPath, ['-e', '0'])),
      exec: async () => (await cli.run(['exec', 'l4-1', '--', 'true'])).ms,
    },
    { repeats: execs, warmUps: 1, signal },
  );
  seen.execs.push(...samples.exec);
  seen.nodes.push(...samples.node);
}

function outcomesOf({ ups, boots, downs, left, execs: commands, nodes, memory }: Seen): Outcome[] {
  const upMs = ups.map(({ ms }) => ms);
  const last = memory.at(-1);
  return [
    {
      measurement: 'up',
      what: 'three-tier in a guest on 2 CPUs',
      unit: 'ms',
      measured: median(upMs),
      reference: { what: 'an empty guest, on and off', median: median(boots) },
      goal: { of: 'ratio', atMost: 3.5 },
      samples: { tierlab: upMs, reference: boots },
      details: { phases: phasesOf(ups) },
      note: Object.entries(phasesOf(ups))
        .map(([phase, ms]) => `${phase} ${(ms / 1000).toFixed(2)} s`)
        .join(' · '),
    },
    {
      measurement: 'exec',
      what: 'tierlab exec l4-1 -- true',
      unit: 'ms',
      measured: median(commands),
      reference: { what: 'node -e 0', median: median(nodes) },
      goal: { of: 'measured', atMost: 300 },
      samples: { tierlab: commands, reference: nodes },
    },
    {
      measurement: 'down',
      what: 'tierlab down',
      unit: 'ms',
      measured: median(downs),
      goal: { of: 'measured', atMost: 1500 },
      samples: { tierlab: downs },
    },
    {
      measurement: 'down',
      what: 'left after down',
      unit: 'things',
      measured: left.length,
      goal: { of: 'measured', atMost: 0 },
      details: { left },
      note:
        left.length === 0
          ? `no process, file or namespace after ${downs.length} times down`
          : left.slice(0, 8).join(', '),
    },
    {
      measurement: 'memory',
      what: 'resident after up',
      unit: 'MB',
      measured: median(memory.map(({ residentMb }) => residentMb)),
      goal: { of: 'measured', atMost: 300 },
      samples: { tierlab: memory.map(({ residentMb }) => residentMb) },
      details: { each: memory },
      ...(last === undefined ? {} : { note: describeMemory(last) }),
    },
  ];
}

function describeMemory({ addressSpaces, pssMb, rssMb, guestFileMb, keeperMb }: ResidentMemory): string {
  const mb = (value: number): string => `${value.toFixed(0)} MB`;
  return (
    `${addressSpaces} address spaces: PSS ${mb(pssMb)}, RSS ${mb(rssMb)} (the guest's tasks map the same memory file: RSS counts its pages ` +
    `once for each), memory file ${mb(guestFileMb)}, keeper ${mb(keeperMb)}`
  );
}

/** Medians of how long each step took that `up` told of on stderr; named by the step. */
function phasesOf(ups: readonly Ran[]): Record<string, number> {
  const names = new Map<string, number[]>();
  for (const { progress, ms } of ups) {
    const marks = [{ atMs: 0, line: 'start' }, ...progress.filter(({ line }) => /^ *\d+\.\ds /.test(line))];
    for (const [i, mark] of marks.entries()) {
      const name = mark.line
        .replace(/^ *\d+\.\ds +/, '')
        .replace(/ on CPU \d+$/, '')
        .trim();
      const took = (marks[i + 1]?.atMs ?? ms) - mark.atMs;
      names.set(name, [...(names.get(name) ?? []), took]);
    }
  }
  return Object.fromEntries([...names].map(([name, all]) => [name, median(all)]));
}
