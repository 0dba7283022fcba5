/** Plumbing a star of namespaces: the product's own scripts against the same `ip -batch` written by hand. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type LabPaths, labPaths, netnsName } from '../../src/lab/index.ts';
import { directoriesOf, plumbLab } from '../../src/lab/plumbing/index.ts';
import type { Bench, Measurement, Outcome } from './contract.ts';
import { median, takeTurns, timed } from './samples.ts';
import { assertStar, removeStar } from './star-namespaces.ts';
import { starOptions, starPlan } from './star-plan.ts';
import { writeReference } from './star-reference.ts';

/** The size that the goal is for. */
const goalSize = 200;

export const star: Measurement = {
  names: ['star'],
  async run(bench, found) {
    const reason = whyNotNative();
    if (reason !== undefined) return found({ measurement: 'star', skipped: reason });
    for (const nodes of [50, goalSize, ...(bench.large ? [1000] : [])]) found(await measure(bench, nodes));
  },
};

export function whyNotNative(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'namespaces of the machine itself need root';
}

/** Makes a star as the product does: its files, then one shell that runs its script. */
export async function plumbStar(bench: Bench, lab: LabPaths, nodes: number): Promise<void> {
  const plan = starPlan(nodes);
  const options = starOptions(bench.dist);
  const rendered = plumbLab(plan, lab, options);
  const folders = directoriesOf(rendered.files, plan, lab, options);
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })));
  await Promise.all([...rendered.files].map(([file, text]) => writeFile(file, text, { mode: 0o600 })));
  const [command = '', ...args] = rendered.argv;
  await execa(command, args, { cancelSignal: bench.signal });
}

/** The lab that a star of the bench is; its removal is registered before it exists. */
export function starLab(bench: Bench): LabPaths {
  const lab = labPaths(`star-${bench.id}`, join(bench.scratch, 'native'));
  bench.defer.add('the star', () => clearStar(lab));
  return lab;
}

export async function clearStar(lab: LabPaths): Promise<void> {
  await removeStar(netnsName(lab, ''));
  await rm(lab.runtime, { recursive: true, force: true });
  await rm(lab.directory, { recursive: true, force: true });
}

async function measure(bench: Bench, nodes: number): Promise<Outcome> {
  bench.report({ type: 'step', message: `a star of ${nodes} namespaces, ${bench.repeats} times each way` });
  const lab = starLab(bench);
  const prefix = `tb-${bench.id}-`;
  bench.defer.add('the reference star', () => removeStar(prefix));
  const script = await writeReference(starPlan(nodes), prefix, join(bench.scratch, `reference-${nodes}`));

  const samples = await takeTurns(
    {
      reference: async () => {
        const ms = await timed(() => execa('sh', [script], { cancelSignal: bench.signal }));
        await assertStar(prefix, nodes);
        await removeStar(prefix);
        return ms;
      },
      tierlab: async () => {
        const ms = await timed(() => plumbStar(bench, lab, nodes));
        await assertStar(netnsName(lab, ''), nodes);
        await clearStar(lab);
        return ms;
      },
    },
    { repeats: bench.repeats, warmUps: 1, signal: bench.signal },
  );
  const measured = median(samples.tierlab);
  const reference = median(samples.reference);
  return {
    measurement: 'star',
    what: `star of ${nodes} namespaces`,
    unit: 'ms',
    measured,
    reference: { what: 'plain ip -batch', median: reference },
    ...(nodes === goalSize ? { goal: { of: 'ratio', atMost: 1.4 } as const } : {}),
    samples,
    details: { msPerNode: { tierlab: measured / nodes, reference: reference / nodes } },
    note: `${(measured / nodes).toFixed(2)} ms a node`,
  };
}
