/** Changing a running lab from the command line: what `apply` and `scale` have in common. */
import { now } from '../base/clock.ts';
import { exitCodes, WorldError } from '../base/errors.ts';
import { changeLab } from '../faults/index.ts';
import { assertChangeable, type LabChange, type LiveLab, labChange } from '../lab/index.ts';
import type { Plan } from '../topology/index.ts';
import { noteInHistory } from '../traffic/index.ts';
import type { Context } from './context.ts';

interface ChangeOptions {
  /** What the traffic's history calls it. */
  readonly name: 'apply' | 'scale';
  readonly withinMs: number;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/** @returns the exit code */
export async function changeByHand(
  context: Context,
  live: LiveLab,
  after: Plan,
  { name, withinMs, dryRun }: ChangeOptions,
): Promise<number> {
  const { signal, report, print, printJson } = context;
  const change = labChange(live.plan, after, live.paths, live.options);
  const document = { lab: live.paths.name, dryRun, ...describe(change) };
  await assertChangeable(live, change);
  if (change.isEmpty) {
    print(`Nothing changes: lab ${live.paths.name} is like that already.`);
    printJson({ ...document, done: false });
    return exitCodes.pass;
  }
  print(linesOf(change).join('\n') || 'No node has to be touched.');
  if (dryRun) {
    printJson({ ...document, done: false });
    return exitCodes.pass;
  }
  const from = now();
  const onStep = (message: string): void => report({ type: 'detail', message });
  const result = await changeLab(live, after, { withinMs, signal, onStep });
  const targets = [...change.added, ...change.removed].map((node) => node.name);
  const times = { t: from, from, to: now() };
  await noteInHistory(live.paths, {
    type: 'fault',
    name,
    fault: name,
    action: 'inject',
    targets,
    ...times,
    ...result,
  });
  const done = { ...document, done: result.landed, evidence: result.evidence };
  if (!result.landed)
    throw new WorldError(`lab ${live.paths.name} is not what it is to be`, {
      code: 'not-changed',
      exitCode: 4,
      details: [result.evidence],
      result: done,
    });
  printJson(done);
  print(`Done: ${result.evidence}`);
  return exitCodes.pass;
}

function describe({ added, removed, changed }: LabChange) {
  return {
    added: added.map(({ name }) => name),
    removed: removed.map(({ name }) => name),
    changed: changed.map(({ node, files, sysctls, ip }) => ({
      node: node.name,
      files: Object.keys(files),
      sysctls,
      ip,
    })),
  };
}

function linesOf({ added, removed, changed }: LabChange): string[] {
  return [
    ...added.map(
      ({ name, kind, interfaces }) =>
        `+ ${name} (${kind}): ${interfaces.map(({ address }) => address).join(', ')}`,
    ),
    ...removed.map(({ name, kind }) => `- ${name} (${kind})`),
    ...changed.map(({ node, files, sysctls, ip }) => {
      const settings = Object.entries(sysctls).map(([path, value]) => `${path} = ${value}`);
      const what = [...Object.keys(files), ...settings, ...ip.map((line) => `ip ${line}`)];
      return `~ ${node.name} (${node.kind}): ${what.join('; ')}`;
    }),
  ];
}
