/** How large the page of a long run gets: it is to be opened from an e-mail, and without a network. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from './command-line.ts';
import type { Measurement } from './contract.ts';
import { figure, runWritten } from './verdicts.ts';

const connections = 500;

const scenario = (topology: string): string => `name: five hundred connections for a minute
topology: ${JSON.stringify(topology)}
seed: 42
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: ${connections}, heartbeat: 1s, timeout: 8s}
  - {name: requests, type: http, from: client, to: web, rate: 20/s, timeout: 4s}
steady: {for: 2s, within: 60s}
timeline:
  - {at: 20s, name: crash, fault: node.crash, target: l7-1}
  - {at: 40s, action: heal, name: back, of: crash}
duration: 60s
expect:
  - held.broken > 0
`;

export const page: Measurement = {
  names: ['page'],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    bench.report({ type: 'step', message: `the page of ${connections} connections over a minute` });
    const text = scenario(join(bench.root, 'topologies/three-tier.yaml'));
    const run = await runWritten(bench, cli, 'page', text);
    await cli.run(['report', run.runDir, '--reporter', 'html']);
    const { size } = await stat(join(run.runDir, 'report.html'));
    const [held, broken] = ['held.connections', 'held.broken'].map((metric) => figure(run, metric));
    found({
      measurement: 'page',
      what: `HTML report of ${connections} connections over 60 s`,
      unit: 'MB',
      measured: size / 1e6,
      goal: { of: 'measured', atMost: 2 },
      note: `${held} connections, of which ${broken} broke; verdict ${run.verdict}`,
    });
  },
};
