/** How long the command line takes to start. */
import { join } from 'node:path';
import { execa } from 'execa';
import type { Measurement } from './contract.ts';
import { median, takeTurns, timed } from './samples.ts';

export const startUp: Measurement = {
  names: ['start'],
  async run({ dist, signal, report }, found) {
    report({ type: 'step', message: 'tierlab --version, 20 times' });
    const program = join(dist, 'tierlab.js');
    const samples = await takeTurns(
      {
        node: () => timed(() => execa(process.execPath, ['-e', '0'])),
        tierlab: () => timed(() => execa(process.execPath, [program, '--version'])),
      },
      { repeats: 20, warmUps: 2, signal },
    );
    found({
      measurement: 'start',
      what: 'tierlab --version',
      unit: 'ms',
      measured: median(samples.tierlab),
      reference: { what: 'node -e 0', median: median(samples.node) },
      goal: { of: 'ratio', atMost: 3 },
      samples,
    });
  },
};
