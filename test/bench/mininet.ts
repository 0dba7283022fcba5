/** The same star with Mininet's Python API. */
import { join } from 'node:path';
import { execa } from 'execa';
import { netnsName } from '../../src/lab/index.ts';
import type { Bench, Measurement } from './contract.ts';
import { median, takeTurns, timed } from './samples.ts';
import { clearStar, plumbStar, starLab, whyNotNative } from './star.ts';
import { assertStar } from './star-namespaces.ts';

const nodes = 200;

/** A Python that is first in PATH may be one that knows nothing of Debian's packages. */
const pythons = ['python3', '/usr/bin/python3'];

export const mininet: Measurement = {
  names: ['mininet'],
  async run(bench, found) {
    const reason = whyNotNative();
    if (reason !== undefined) return found({ measurement: 'mininet', skipped: reason });
    const python = await findPython();
    if (typeof python !== 'string') return found({ measurement: 'mininet', skipped: python.reason });
    await measure(bench, python, found);
  },
};

async function findPython(): Promise<string | { readonly reason: string }> {
  const remedy = '(apt-get install --no-install-recommends mininet bridge-utils)';
  const bridge = await execa('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin command -v brctl'], { reject: false });
  if (bridge.failed) return { reason: `Mininet's LinuxBridge needs brctl, which is not there ${remedy}` };
  for (const python of pythons) {
    const { failed } = await execa(python, ['-c', 'import mininet'], { reject: false });
    if (!failed) return python;
  }
  return { reason: `Mininet is not installed ${remedy}` };
}

async function measure(
  bench: Bench,
  python: string,
  found: Parameters<Measurement['run']>[1],
): Promise<void> {
  const { report, signal } = bench;
  const repeats = Math.min(bench.repeats, 3);
  report({ type: 'step', message: `a star of ${nodes} namespaces with Mininet, ${repeats} times each way` });
  const lab = starLab(bench);
  const bridge = `tb${bench.id}`;
  bench.defer.add("Mininet's bridge", () =>
    execa('ip', ['link', 'del', bridge], { reject: false }).then(() => undefined),
  );
  const program = join(bench.root, 'test/bench/mininet-star.py');
  const samples = await takeTurns(
    {
      mininet: async () => {
        const { stdout } = await execa(python, [program, String(nodes), bridge], {
          cancelSignal: signal,
          forceKillAfterDelay: 60_000,
          timeout: 180_000,
        });
        return Number(stdout.trim().split('\n').at(-1)) * 1000;
      },
      tierlab: async () => {
        const ms = await timed(() => plumbStar(bench, lab, nodes));
        await assertStar(netnsName(lab, ''), nodes);
        await clearStar(lab);
        return ms;
      },
    },
    { repeats, signal },
  );
  found({
    measurement: 'mininet',
    what: `star of ${nodes} namespaces`,
    unit: 'ms',
    measured: median(samples.tierlab),
    reference: { what: "Mininet's Python API", median: median(samples.mininet) },
    goal: { of: 'ratio', atMost: 0.25 },
    samples,
    note: `Mininet: ${(median(samples.mininet) / nodes).toFixed(1)} ms a node, without Python's start`,
  });
}
