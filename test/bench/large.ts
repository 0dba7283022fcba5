/** How far one guest carries: generated topologies with all their daemons, and what is left of its processor without any traffic. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { busyShare, parseProcessorTime } from '../../src/lab/processor-time.ts';
import { type Chain, generateTopology } from '../../src/topology/index.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import type { Bench, Measurement, Row } from './contract.ts';

const measurement = 'large';

const chains: readonly Chain[] = [
  { name: 'l50', routers: 4, l4: 2, l7: 10, web: 32 },
  { name: 'l100', routers: 4, l4: 8, l7: 30, web: 56 },
];

const larger: Chain = { name: 'l200', routers: 4, l4: 10, l7: 40, web: 144 };

export const large: Measurement = {
  names: [measurement],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    for (const chain of bench.large ? [...chains, larger] : chains) found(await measure(bench, cli, chain));
  },
};

async function measure(bench: Bench, cli: CommandLine, chain: Chain): Promise<Row> {
  const { name, routers, l4, l7, web } = chain;
  const nodes = 2 + routers + l4 + l7 + web;
  bench.report({ type: 'step', message: `${nodes} nodes with their daemons in a guest` });
  const file = join(bench.scratch, `${name}.yaml`);
  await writeFile(file, generateTopology(chain));
  const { ms } = await cli.run(['up', file, '--host', 'uml'], { timeoutMs: 600_000 });
  const look = async (what: string): Promise<string> =>
    (await cli.run(['exec', '--lab', name, 'client', '--', 'sh', '-c', what])).stdout;
  const before = parseProcessorTime(await look('cat /proc/stat'));
  await delay(15_000, undefined, { signal: bench.signal });
  const after = await look('cat /proc/stat; ls -d /proc/[0-9]* | wc -l');
  await cli.run(['down', name]);
  const idle = 1 - busyShare(before, parseProcessorTime(after));
  return {
    measurement,
    what: `${nodes} nodes with daemons up`,
    unit: 'ms',
    measured: ms,
    note: `${after.trim().split('\n').at(-1)} processes, processor idle without traffic ${(100 * idle).toFixed(0)} %`,
  };
}
