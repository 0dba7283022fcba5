import { now } from '../../base/clock.ts';
import { exitCodes, InputError, WorldError } from '../../base/errors.ts';
import { suggest } from '../../base/suggest.ts';
import {
  actOn,
  drainNodes,
  faults,
  faultTable,
  type Landed,
  onRecord,
  resolveTarget,
} from '../../faults/index.ts';
import { kindTable } from '../../kinds/index.ts';
import { forgetEntry, type LedgerEntry, type LiveLab, ledgerEntries } from '../../lab/index.ts';
import { checkByHand } from '../../scenario/index.ts';
import { parseDocument } from '../../topology/index.ts';
import { noteInHistory } from '../../traffic/index.ts';
import type { Context } from '../context.ts';
import { findLab, withLab } from '../labs.ts';
import { table } from '../table.ts';

interface LabFlag {
  readonly lab?: string;
}

/** Injects a fault into a running lab. It stays until it is healed, whoever does that. */
export async function addFault(
  context: Context,
  fault: string,
  target: string,
  settings: readonly string[],
  { lab: labName, name }: LabFlag & { readonly name?: string },
): Promise<number> {
  return withLab(labName, async (live) => {
    const options = checkByHand({ ...readSettings(settings), fault, target }, live.plan, {
      faults: faultTable,
      kinds: kindTable,
    });
    const found = faults[fault];
    if (found === undefined) throw new Error(`no fault ${fault}`);
    const { signal } = context;
    const hits = resolveTarget(live.plan, target).map((hit) => ({ ...hit, signal }));
    return inflict(context, live, { fault, target, options, ...(name === undefined ? {} : { name }) }, () =>
      actOn(live, found, 'inject', hits, options),
    );
  });
}

/** Does something lasting to the lab: on record before it happens, and told to the traffic's history. */
export async function inflict(
  context: Context,
  live: LiveLab,
  {
    fault,
    target,
    options,
    name: wanted,
  }: Pick<LedgerEntry, 'fault' | 'target' | 'options'> & { name?: string },
  act: () => Promise<Landed>,
): Promise<number> {
  const entries = await ledgerEntries(live.paths);
  refuseTwice(live, entries, fault, target);
  const name = nameFor(wanted, `${fault}-${target.replaceAll(/[^\w-]/g, '-')}`, entries);
  const at = now();
  const hint = `undo what it did with \`tierlab fault heal ${name}\``;
  const interrupted = (): void =>
    context.report({ type: 'warning', message: `interrupted: ${name} stays on record; ${hint}` });
  context.signal.addEventListener('abort', interrupted, { once: true });
  const result = await onRecord(live, { name, fault, target, options }, act);
  if (result === undefined) throw nameTaken(name);
  await note(live, { name, fault, target, at }, 'inject', result);
  const document = { name, fault, target, ...result };
  if (!result.landed)
    throw new WorldError(`${fault} ${target} did not ${fault === 'drain' ? 'complete' : 'land'}`, {
      code: 'not-landed',
      exitCode: 4,
      details: [result.evidence],
      result: document,
      hint,
    });
  context.printJson(document);
  context.print(`${name}: ${fault} ${target}: ${result.evidence}`);
  return exitCodes.pass;
}

export async function listFaults(context: Context, { lab: labName }: LabFlag): Promise<number> {
  const { lab } = await findLab(labName, 'daemons');
  const entries = await ledgerEntries(lab);
  context.printJson({ lab: lab.name, faults: entries });
  if (entries.length === 0) {
    context.print(`Nothing is wrong with lab ${lab.name} that was done by hand.`);
    return exitCodes.pass;
  }
  const rows = entries.map(({ name, fault, target, at, state, evidence }) => [
    name,
    fault,
    target,
    `${Math.round((now() - at) / 1000)}s`,
    state,
    evidence,
  ]);
  context.print(table(['NAME', 'FAULT', 'TARGET', 'SINCE', 'STATE', 'WHAT WAS SEEN'], rows));
  return exitCodes.pass;
}

/** Undoes one, or all, the last one first. */
export async function healFault(
  context: Context,
  name: string | undefined,
  { lab: labName, all = false }: LabFlag & { readonly all?: boolean },
): Promise<number> {
  return withLab(labName, async (live) => {
    const entries = await ledgerEntries(live.paths);
    const names = entries.map((entry) => entry.name);
    const chosen = all ? entries.toReversed() : entries.filter((entry) => entry.name === name);
    if (!all && chosen.length === 0) {
      throw new WorldError(name === undefined ? 'which fault?' : `there is no fault "${name}" to heal`, {
        code: 'no-such-fault',
        exitCode: 4,
        hint: name === undefined ? 'name one, or say --all' : suggest(name, names, 'faults'),
      });
    }
    const results = new Map<string, Landed>();
    const heal = async (entry: LedgerEntry): Promise<void> => {
      const result = await undo(context, live, entry, undrainWithinMs);
      results.set(entry.name, result);
      const verb = entry.fault === 'drain' ? 'undrained' : 'healed';
      context.print(`${entry.name}: ${result.landed ? verb : `NOT ${verb}`}: ${result.evidence}`);
    };
    for (const entry of chosen) await heal(entry);
    // What was done before may have kept a node from being well: now that it is undone, there is another chance.
    for (const entry of chosen.slice(0, -1)) if (results.get(entry.name)?.landed === false) await heal(entry);
    if (chosen.length === 0) context.print('There is nothing to heal.');
    context.printJson({ healed: [...results].map(([each, result]) => ({ name: each, ...result })) });
    return [...results.values()].every(({ landed }) => landed) ? exitCodes.pass : exitCodes.labFailed;
  });
}

/** As `undrain` has it if nobody says otherwise. */
const undrainWithinMs = 20_000;

export async function undo(
  context: Context,
  live: LiveLab,
  entry: LedgerEntry,
  withinMs: number,
): Promise<Landed> {
  const hits = resolveTarget(live.plan, entry.target, entry.nodes);
  const fault = faults[entry.fault];
  const nodes = hits.map(({ node }) => node);
  const { signal, report } = context;
  const onStep = (message: string): void => report({ type: 'detail', message });
  const result =
    fault === undefined
      ? await drainNodes(live, nodes, 'undrain', { withinMs, signal, onStep })
      : await actOn(live, fault, 'heal', hits, entry.options);
  if (result.landed) await forgetEntry(live.paths, entry.name);
  await note(
    live,
    { ...entry, name: `${fault === undefined ? 'undrain' : 'heal'}-${entry.name}`, at: now() },
    'heal',
    result,
  );
  return result;
}

/** Tells the history of the traffic that is under way. */
export async function note(
  live: LiveLab,
  { name, fault, target, at }: Pick<LedgerEntry, 'name' | 'fault' | 'target' | 'at'>,
  action: 'inject' | 'heal',
  result: Landed,
): Promise<void> {
  const targets = resolveTarget(live.plan, target).map(({ node }) => node.name);
  const times = { t: at, from: at, to: now() };
  await noteInHistory(live.paths, { type: 'fault', name, fault, action, targets, ...times, ...result });
}

/** `delay=100ms loss=1%`: values as in a scenario file. */
export function readSettings(settings: readonly string[]): Record<string, unknown> {
  const problems = settings.filter((setting) => !/^[a-z_]+=./.test(setting));
  if (problems.length > 0)
    throw new InputError(
      problems.map((setting) => ({ file: 'command line:', message: `"${setting}" is no key=value` })),
    );
  return Object.fromEntries(
    settings.map((setting) => {
      const [key = ''] = setting.split('=', 1);
      return [key, parseDocument(setting.slice(key.length + 1), 'command line:').value];
    }),
  );
}

/** The second one could not land, and healing one of the two would heal both. */
export function refuseTwice(
  live: LiveLab,
  entries: readonly LedgerEntry[],
  fault: string,
  target: string,
): void {
  const key = (one: string): string[] =>
    resolveTarget(live.plan, one).map(({ node, network = '' }) => `${node.name}:${network}`);
  const own = key(target);
  const same = entries.find(
    (entry) => entry.fault === fault && key(entry.target).some((hit) => own.includes(hit)),
  );
  if (same === undefined) return;
  const isDrain = fault === 'drain';
  throw new WorldError(isDrain ? `${target} is drained already` : `${target} has ${fault} already`, {
    code: 'fault-exists',
    exitCode: 4,
    hint: `undo it with \`tierlab ${isDrain ? `undrain ${same.target}` : `fault heal ${same.name}`}\``,
  });
}

function nameFor(wanted: string | undefined, usual: string, entries: readonly LedgerEntry[]): string {
  const taken = entries.map(({ name }) => name);
  if (wanted === undefined) {
    for (let n = 1; ; n++) {
      const name = n === 1 ? usual : `${usual}-${n}`;
      if (!taken.includes(name)) return name;
    }
  }
  if (!/^[a-z][a-z0-9_.-]{0,39}$/.test(wanted))
    throw new InputError([
      {
        file: 'command line:',
        message: `"${wanted}" cannot be a name: it must begin with a small letter and go on with small letters, digits, "-", "_" and "."`,
      },
    ]);
  if (taken.includes(wanted)) throw nameTaken(wanted);
  return wanted;
}

const nameTaken = (name: string): WorldError =>
  new WorldError(`there is a fault "${name}" already`, {
    code: 'fault-exists',
    exitCode: 4,
    hint: 'give this one another --name',
  });
