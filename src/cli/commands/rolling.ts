import { exitCodes, InputError, WorldError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import {
  claimEntry,
  faultTable,
  forgetEntry,
  type Landed,
  type LedgerEntry,
  ledgerEntries,
  resolveTarget,
  stepName,
  updateEntry,
} from '../../faults/index.ts';
import { roll } from '../../faults/timeline.ts';
import { kindTable } from '../../kinds/index.ts';
import type { LiveLab } from '../../lab/index.ts';
import { checkRollingByHand, type RollingStep } from '../../scenario/index.ts';
import type { PlannedNode } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { withLab } from '../labs.ts';
import { refuseUndrainable } from './drain.ts';
import { note, readSettings, refuseTwice } from './fault.ts';

interface RollingFlags {
  readonly lab?: string;
  /** ms */
  readonly pause: number;
  readonly maxUnavailable: number;
  /** ms */
  readonly within: number;
}

/** Gives every node of a tier its turn. Only where it stops halfway does something stay on the list of faults. */
export async function rolling(
  context: Context,
  tier: string,
  words: readonly string[],
  { lab, pause, maxUnavailable, within }: RollingFlags,
): Promise<number> {
  return withLab(lab, async (live) => {
    const steps = checkRollingByHand(
      {
        tier,
        do: readSteps(words),
        max_unavailable: maxUnavailable,
        pause: formatDuration(pause),
        within: formatDuration(within),
      },
      live.plan,
      { faults: faultTable, kinds: kindTable },
    );
    const nodes = resolveTarget(live.plan, tier).map(({ node }) => node);
    if (steps.some(({ action }) => action === 'drain')) refuseUndrainable(live, nodes);
    const entries = await ledgerEntries(live.paths);
    for (const step of steps) refuseTwice(live, entries, ledgerName(step), tier);

    const done: ({ readonly name: string } & Landed)[] = [];
    const result = await roll(live, nodes, {
      steps,
      maxUnavailable,
      pauseMs: pause,
      withinMs: within,
      signal: context.signal,
      async take(node, step, act) {
        const name = stepName('rolling', node, step);
        const landed = await onRecord(live, name, node, step, act);
        done.push({ name, ...landed });
        context.report({
          type: 'detail',
          message: `${name}: ${landed.landed ? '' : 'NOT '}done: ${landed.evidence}`,
        });
        return landed;
      },
    });
    context.printJson({ tier, ...result, steps: done });
    if (!result.landed)
      throw new WorldError(`rolling over ${tier} stopped`, {
        code: 'not-landed',
        exitCode: 4,
        details: [result.evidence],
        hint: 'see `tierlab fault list`; `tierlab fault heal --all` undoes what is left of it',
      });
    // Nothing of it is damage: each node was found well at the end of its turn.
    for (const { name } of done) await forgetEntry(live.paths, name);
    context.print(`${tier}: ${result.evidence}`);
    return exitCodes.pass;
  });
}

/** Written down before it happens, so that whoever comes later can undo it; a drain until it is undone. */
async function onRecord(
  live: LiveLab,
  name: string,
  node: PlannedNode,
  step: RollingStep,
  act: () => Promise<Landed>,
): Promise<Landed> {
  const at = performance.timeOrigin + performance.now();
  const options = step.action === 'inject' ? step.options : {};
  const target = node.name;
  const begun: LedgerEntry = {
    name,
    fault: ledgerName(step),
    target,
    options,
    at,
    state: 'begun',
    evidence: '',
  };
  const undoes = step.action === 'undrain';
  if (!undoes && !(await claimEntry(live.paths, begun)))
    throw new WorldError(`there is a fault "${name}" already`, {
      code: 'fault-exists',
      exitCode: 4,
      hint: `undo it with \`tierlab fault heal ${name}\``,
    });
  const result = await act();
  if (!undoes)
    await updateEntry(live.paths, {
      ...begun,
      state: result.landed ? 'landed' : 'not-landed',
      evidence: result.evidence,
    });
  else if (result.landed) await forgetEntry(live.paths, stepName('rolling', node, { action: 'drain' }));
  await note(live, begun, undoes ? 'heal' : 'inject', result);
  return result;
}

/** As the ledger calls it: a drain and its undoing are one thing. */
const ledgerName = (step: RollingStep): string => (step.action === 'inject' ? step.fault : 'drain');

/** `drain daemon.restart daemon=bird undrain`: settings belong to the fault before them. */
function readSteps(
  words: readonly string[],
): (string | ({ readonly fault: string } & Readonly<Record<string, unknown>>))[] {
  const steps: { readonly name: string; readonly settings: string[] }[] = [];
  for (const word of words) {
    if (!word.includes('=')) steps.push({ name: word, settings: [] });
    else if (steps.length === 0)
      throw new InputError([{ file: 'command line:', message: `"${word}" stands before any step` }]);
    else steps.at(-1)?.settings.push(word);
  }
  return steps.map(({ name, settings }) =>
    settings.length === 0 ? name : { ...readSettings(settings), fault: name },
  );
}
