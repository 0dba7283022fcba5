/** Plays one round, tears everything down, and says what was wrong. */
import { setTimeout as delay } from 'node:timers/promises';
import { labPaths } from '../../src/lab/paths.ts';
import { leftBehind } from '../left-behind.ts';
import { compareInventories, takeInventory } from '../machine-inventory.ts';
import { type Called, call, complaints, type Ended, type Limits, type Place } from './command.ts';
import { labNames, writeInputs } from './files.ts';
import { endure } from './hardship.ts';
import type { Round, Step, Strike } from './plan.ts';
import { type Verb, verbs } from './verbs.ts';
import { send, victims } from './victims.ts';

export interface Played {
  /** A sentence each. */
  readonly wrong: readonly string[];
  /** Why it did not take place. */
  readonly skipped?: string;
  /** What every command did, in a few words each: `up 0`, `exec 4 (there is no lab "chaos")`, `test SIGKILL`. */
  readonly ends: readonly string[];
}

/** @param strict compares the whole machine, not only what carries the loop's home and labs */
export async function playRound(round: Round, place: Place, strict: boolean): Promise<Played> {
  const before = strict ? takeInventory() : undefined;
  const endured = endure(round, place.home);
  if (endured === undefined) return { wrong: [], ends: [], skipped: `${round.hardship} needs root` };
  const wrong: string[] = [];
  const ends: string[] = [];
  const judge = (ended: Ended, verb: Verb, signals: readonly string[]): void => {
    const { argv, exitCode, signal, said } = ended;
    const error = /^error: (.*)/m.exec(said)?.[1];
    ends.push(`${argv[0]} ${exitCode ?? signal}${error === undefined ? '' : ` (${error.slice(0, 90)})`}`);
    const killed = signal !== null && signals.includes(signal);
    for (const complaint of complaints(ended, verb, killed))
      wrong.push(`tierlab ${argv.join(' ')}: ${complaint}\n${said.trimEnd().replaceAll(/^/gm, '    | ')}`);
  };
  await writeInputs(place.folder).catch((error: unknown) => ends.push(String(error)));
  await playSteps(round.steps, place, endured.limits, judge);
  const down: Verb = { argv: ['down', '--all'], usualMs: 1000, limitMs: 60_000 };
  judge(await call(place, down, endured.limits).ended, down, []);
  await endured.lift();
  const last = await call(place, down).ended;
  judge(last, down, []);
  if (last.exitCode !== 0)
    wrong.push(`the last tierlab down --all ended with ${last.exitCode}: ${last.said}`);
  wrong.push(...(await leftBehind(place.home, labNames)).map((thing) => `left behind: ${thing}`));
  try {
    endured.remove();
  } catch (error) {
    wrong.push(`left behind: ${String((error as Error).message)}`);
  }
  if (before !== undefined)
    wrong.push(...compareInventories(before, takeInventory()).map((line) => `on this machine: ${line}`));
  return { wrong, ends };
}

type Judge = (ended: Ended, verb: Verb, signals: readonly string[]) => void;

async function playSteps(steps: readonly Step[], place: Place, limits: Limits, judge: Judge): Promise<void> {
  const running: Promise<void>[] = [];
  for (const { verb: name, beside, strike } of steps) {
    if (!beside) await Promise.all(running.splice(0));
    const verb = verbs[name];
    const called = call(place, verb, limits);
    const signals: string[] = [];
    running.push(
      Promise.all([
        called.ended,
        strike === undefined ? undefined : hit(strike, called, signals, place, judge),
      ]).then(([ended]) => judge(ended, verb, signals)),
    );
  }
  await Promise.all(running);
}

/** @param signals gets those that the command itself was sent */
async function hit(
  strike: Strike,
  { child }: Called,
  signals: string[],
  place: Place,
  judge: Judge,
): Promise<void> {
  await delay(strike.afterMs);
  const { at, signal, then } = strike;
  if (at === 'daemon' || (at === 'agent' && place.host === 'uml'))
    return hitInside(at, place, signal, then, judge);
  const role = at === 'agent' ? 'helper' : at;
  const ids = labNames.map((name) => labPaths(name, place.home).id);
  const command = child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  const found = await victims(role, command ?? -1, ids);
  const pids = role === 'cli' ? (command === undefined ? [] : found) : found;
  // Any will do; which one is first is chance.
  const [pid] = pids;
  if (pid === undefined) return;
  if (role === 'cli') signals.push(signal, ...(then === undefined ? [] : [then.signal]));
  send(pid, signal);
  if (then === undefined) return;
  await delay(then.afterMs);
  send(pid, then.signal);
}

/** What a guest runs only its own kernel can hit. */
async function hitInside(
  at: 'daemon' | 'agent',
  place: Place,
  signal: Strike['signal'],
  then: Strike['then'],
  judge: Judge,
): Promise<void> {
  const { id, name } = labPaths(labNames[0], place.home);
  const pid = `$(cat /run/tierlab/${id}/l7-1/haproxy.pid)`;
  const script = (what: string): string =>
    at === 'agent' ? `kill -${what} $PPID` : `kill -${what} ${pid} || true`;
  const rest = then === undefined || at === 'agent' ? '' : `; sleep 0.5; ${script(then.signal.slice(3))}`;
  // An agent that is stopped can never be continued from inside.
  const what = at === 'agent' ? 'KILL' : signal.slice(3);
  const verb: Verb = {
    argv: ['exec', 'l7-1', '--lab', name, '--', 'sh', '-c', `${script(what)}${rest}`],
    usualMs: 1000,
    limitMs: 90_000,
    passesExitCode: true,
  };
  judge(await call(place, verb).ended, verb, []);
}
