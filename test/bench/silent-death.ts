/** L4 nodes of the reference lab die silently, one after another: how many who knock meanwhile wait, and how long do those stall who are in. */
import { join } from 'node:path';
import { commandLine } from './command-line.ts';
import type { Measurement } from './contract.ts';
import { median } from './samples.ts';
import { figure, rowsOf, runWritten } from './verdicts.ts';

const measurement = 'silence';

/** As the topology has it. */
const detectionMs = 3 * 300;
const balancers = 7;
/** Eight sources, each of which knocks every 50 ms. */
const probesPerSecond = 8 * (1000 / 50);
/** Those who come while a dead node is not noticed, and are sent there. */
const mostLost = Number(((probesPerSecond * detectionMs) / 1000 / balancers).toFixed(1));

const victims = ['l4-3', 'l4-5', 'l4-1', 'l4-6'];
const everySeconds = 15;
const window = (death: string): string => `in ${death}..+6s`;
const deaths = victims.map((_, i) => `death-${i + 1}`);

/** A connection is lost whose first packet is: TCP sends it again after a second. */
const scenario = (topology: string): string => `name: four L4 nodes of seven die silently, one after another
topology: ${JSON.stringify(topology)}
seed: 42
traffic:
  - {name: held, type: held-tcp, from: client, to: www, connections: 120, heartbeat: 1s, timeout: 15s}
  - {name: probes, type: http, from: client, to: api, rate: ${probesPerSecond}/s, timeout: 900ms}
steady: {for: 3s, within: 60s}
timeline:
${victims
  .map(
    (
      victim,
      i,
    ) => `  - {at: ${2 + everySeconds * i}s, name: death-${i + 1}, fault: node.freeze, target: ${victim}}
  - {at: ${9 + everySeconds * i}s, action: heal, of: death-${i + 1}}`,
  )
  .join('\n')}
duration: ${2 + everySeconds * victims.length}s
expect:
  - held.broken == 0
${deaths
  .map(
    (death) => `  - probes.errors ${window(death)} < 1000
  - held.blackout.p99 ${window(death)} < 15s`,
  )
  .join('\n')}
`;

export const silence: Measurement = {
  names: [measurement],
  needsGuest: true,
  async run(bench, found) {
    const cli = await commandLine(bench);
    bench.report({ type: 'step', message: `${victims.length} silent deaths in the reference lab` });
    const text = scenario(join(bench.root, 'topologies/reference-2018.yaml'));
    const ran = await runWritten(bench, cli, measurement, text);
    const each = (metric: string): number[] =>
      deaths.map((death) => figure(ran, `${metric} ${window(death)}`) ?? Number.NaN);
    const [lost, blackouts] = [each('probes.errors'), each('held.blackout.p99')];
    const row = rowsOf(measurement, ran, ran);
    found(row('broken', 'connections', 'held.broken', { of: 'measured', atMost: 0 }));
    found({
      ...row('new ones lost around a silent death, mean', 'connections', 'held.broken'),
      measured: lost.reduce((sum, count) => sum + count, 0) / lost.length,
      goal: { of: 'measured', atMost: mostLost },
      samples: { tierlab: lost },
    });
    found({
      ...row('blackout p99 around a silent death', 'ms', 'held.broken'),
      measured: median(blackouts),
      goal: { of: 'measured', atMost: 2 * detectionMs },
      samples: { tierlab: blackouts },
    });
  },
};
