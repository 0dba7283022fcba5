import { now } from '../../base/clock.ts';
import { exitCodes, InputError, WorldError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import {
  faultTable,
  forgetRolling,
  type Landed,
  resolveTarget,
  stepName,
  takeOnRecord,
} from '../../faults/index.ts';
import { roll } from '../../faults/timeline.ts';
import { kindTable } from '../../kinds/index.ts';
import { type LiveLab, ledgerEntries } from '../../lab/index.ts';
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
        const name = stepName(action, node, step);
        const landed = await take(live, node, step, act);
        done.push({ name, ...landed });
        context.report({
          type: 'detail',
          message: `${name}: ${landed.landed ? '' : 'NOT '}done: ${landed.evidence}`,
        });
        return landed;
      },
    });
    const document = { tier, ...result, steps: done };
    if (!result.landed)
      throw new WorldError(`rolling over ${tier} stopped`, {
        code: 'not-landed',
        exitCode: 4,
        details: [result.evidence],
        result: document,
        hint: 'see `tierlab fault list`; `tierlab fault heal --all` undoes what is left of it',
      });
    await forgetRolling(live, action, nodes, steps);
    context.printJson(document);
    context.print(`${tier}: ${result.evidence}`);
    return exitCodes.pass;
  });
}

/** On record before it happens, and told to the traffic's history afterwards. */
async function take(
  live: LiveLab,
  node: PlannedNode,
  step: RollingStep,
  act: () => Promise<Landed>,
): Promise<Landed> {
  const at = now();
  const name = stepName(action, node, step);
  const result = await takeOnRecord(live, action, node, step, act);
  if (result === undefined)
    throw new WorldError(`there is a fault "${name}" already`, {
      code: 'fault-exists',
      exitCode: 4,
      hint: `undo it with \`tierlab fault heal ${name}\``,
    });
  const undoes = step.action === 'undrain';
  const what = { name, fault: ledgerName(step), target: node.name, at };
  await note(live, what, undoes ? 'heal' : 'inject', result);
  return result;
}

/** One by hand at a time: its steps are on record under this name. */
const action = 'rolling';

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
