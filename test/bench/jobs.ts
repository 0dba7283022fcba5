/** Many scenarios, side by side against one after another. */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { jobsOf } from '../../src/cli/jobs.ts';
import type { JsonReport } from '../../src/report/json.ts';
import { whyNoGuest } from './chain.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import type { Bench, Measurement } from './contract.ts';

/** Short, and light enough that what is compared is the waiting of one for the other. */
const scenario = (topology: string, number: number): string => `name: short ${number}
topology: ${JSON.stringify(topology)}
seed: ${number}
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 60, heartbeat: 1s, timeout: 8s}
steady: {for: 1s}
timeline:
  - {at: 1s, name: crash, fault: node.crash, target: l4-1}
duration: 10s
expect:
  - held.broken == 0
`;

export const jobs: Measurement = {
  names: ['jobs'],
  async run(bench, found) {
    const reason = whyNoGuest();
    if (reason !== undefined) return found({ measurement: 'jobs', skipped: reason });
    const cores = availableParallelism();
    const count = Math.min(16, Math.max(4, cores));
    const cli = await commandLine(bench);
    const folder = await writeScenarios(bench, count);
    const alone = await runAll(bench, cli, folder, 1);
    // The same number twice would say the same.
    for (const atOnce of new Set([jobsOf('auto'), Math.min(cores, count)])) {
      if (atOnce === 1) continue;
      const together = await runAll(bench, cli, folder, atOnce);
      found({
        measurement: 'jobs',
        what: `${count} short scenarios, --jobs ${atOnce}${atOnce === jobsOf('auto') ? ' (auto)' : ''}`,
        unit: 'ms',
        measured: together.ms,
        reference: { what: 'one after another', median: alone.ms },
        ...(atOnce === cores
          ? { goal: { of: 'ratio', atMost: Number((1 / (0.6 * cores)).toFixed(3)) } }
          : {}),
        details: { alone, together },
        note: `${together.passed} of ${count} passed side by side, ${alone.passed} one after another; ${cores} processors`,
      });
    }
  },
};

async function writeScenarios(bench: Bench, count: number): Promise<string> {
  const folder = join(bench.scratch, 'jobs');
  await mkdir(folder, { recursive: true });
  const topology = join(bench.root, 'topologies/three-tier.yaml');
  for (let number = 1; number <= count; number++)
    await writeFile(join(folder, `short-${number}.yaml`), scenario(topology, number));
  return folder;
}

/** A verdict is a verdict: what counts here is the time, and how many could be believed is told beside it. */
async function runAll(
  bench: Bench,
  cli: CommandLine,
  folder: string,
  atOnce: number,
): Promise<{ ms: number; passed: number }> {
  bench.report({ type: 'step', message: `short scenarios, ${atOnce} at a time` });
  const runs = join(bench.scratch, `runs-${atOnce}`);
  const args = [
    '--format',
    'json',
    'test',
    folder,
    '--host',
    'uml',
    '--runs',
    runs,
    '--jobs',
    String(atOnce),
  ];
  const { ms, stdout } = await cli.run(args, { timeoutMs: 900_000, exitCodes: [0, 1, 5] });
  const { scenarios } = JSON.parse(stdout) as JsonReport;
  return { ms, passed: scenarios.filter(({ verdict }) => verdict === 'pass').length };
}
