/** What the product is for, run through its own `test` command: many connections held, and an L4 node that dies under them. */
import { join } from 'node:path';
import { commandLine } from './command-line.ts';
import type { Measurement } from './contract.ts';
import { figure, rowsOf, runScenario, runWritten } from './verdicts.ts';

const connections = 1000;

/** A scenario has to break something: here at its very end, after everything that is measured. */
const steadyScenario = (topology: string): string => `name: a thousand connections, nothing breaks
topology: ${JSON.stringify(topology)}
seed: 42
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: ${connections}, heartbeat: 2s, timeout: 5s}
steady: {for: 3s, within: 60s}
timeline:
  - {at: 60s, name: over, fault: link.down, target: 'web-3:servers'}
duration: 61s
expect:
  - held.established == ${connections}
  - held.broken before over == 0
  - held.blackout.max before over < 1s
  - held.beats before over > 28000
`;

export const steady: Measurement = {
  names: ['steady'],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    bench.report({ type: 'step', message: `${connections} held connections in a guest for a minute` });
    const text = steadyScenario(join(bench.root, 'topologies/three-tier.yaml'));
    const scenario = await runWritten(bench, cli, 'steady', text);
    const row = rowsOf('steady', scenario, scenario);
    found(row('broken in 60 s', 'connections', 'held.broken before over', { of: 'measured', atMost: 0 }));
    found(row('latest answer', 'ms', 'held.blackout.max before over', { of: 'measured', atMost: 1000 }));
    found(row('established', 'connections', 'held.established'));
    found(row('answers in 60 s', 'answers', 'held.beats before over'));
  },
};

export const crash: Measurement = {
  names: ['crash'],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    bench.report({ type: 'step', message: 'labs/01-l4-crash in a guest, with its control' });
    const scenario = await runScenario(bench, cli, join(bench.root, 'labs/01-l4-crash'));
    const row = rowsOf('crash', scenario, scenario);
    const all = figure(scenario, 'held.connections') ?? Number.NaN;
    found(row('broken', 'connections', 'held.broken', { of: 'measured', atMost: 0 }));
    found(
      row('moved', 'connections', 'held.moved', {
        of: 'measured',
        above: Math.floor(all / 3),
        atMost: Math.ceil((all * 2) / 3),
      }),
    );
    found(row('longest blackout', 'ms', 'held.blackout.max', { of: 'measured', atMost: 2500 }));
    const { control } = scenario;
    if (control === undefined) return;
    const inControl = rowsOf('crash', scenario, control);
    const lost = figure(control, 'held.exposed') ?? Number.NaN;
    found(
      inControl('control: reset, of those exposed', 'connections', 'held.broken.rst', {
        of: 'measured',
        above: lost - 1,
        atMost: lost,
      }),
    );
    found(inControl('control: collateral', 'connections', 'held.collateral', { of: 'measured', atMost: 0 }));
  },
};
