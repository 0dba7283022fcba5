/** Plays one round, tears everything down, and says what was wrong. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { labPaths } from '../../src/lab/paths.ts';
import { leftBehind } from '../left-behind.ts';
import { type Called, call, complaints, type Ended, type Limits, type Place } from './command.ts';
import { labNames } from './files.ts';
import { endure } from './hardship.ts';
import type { Round, Step, Strike } from './plan.ts';
import { type Verb, verbs } from './verbs.ts';
import { send, victims } from './victims.ts';
import { differencesFrom, takeWholeInventory } from './whole-machine.ts';

export interface Played {
  /** A sentence each. */
  readonly wrong: readonly string[];
  /** What every command did, in a few words each: `up 0`, `exec 4 (there is no lab "chaos")`, `test SIGKILL`. */
  readonly ends: readonly string[];
  /** What was seen of the round's hardship. */
  readonly evidence: string;
  /** How many strikes found somebody to hit. */
  readonly hits: number;
}

export async function playRound(round: Round, place: Place): Promise<Played> {
  const before = takeWholeInventory();
  const endured = endure(round, place);
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
  const hits = await playSteps(round.steps, place, endured.limits, judge);
  const evidence = await endured.landed().catch((error: unknown) => {
    wrong.push(`${round.hardship} ${round.amount} did not take effect: ${String((error as Error).message)}`);
    return 'nothing';
  });
  judge(await call(place, downAll, endured.limits).ended, downAll, []);
  endured.lift();
  const last = await call(place, downAll).ended;
  judge(last, downAll, []);
  if (last.exitCode !== 0)
    wrong.push(`the last tierlab down --all ended with ${last.exitCode}: ${last.said}`);
  const left = [...(await leftBehind(place.home, labNames)), ...emptyDisk(place)];
  wrong.push(...left.map((thing) => `left behind: ${thing}`));
  try {
    endured.remove();
  } catch (error) {
    wrong.push(`left behind: ${String((error as Error).message)}`);
  }
  wrong.push(...(await differencesFrom(before)).map((line) => `on this machine: ${line}`));
  return { wrong, ends, evidence, hits };
}

const downAll: Verb = { argv: ['down', '--all'], usualMs: 1000, limitMs: 60_000 };

/** Empties the disk. @returns what was on it but for the folder of all labs, and what commands were told to write */
function emptyDisk({ disk, home }: Place): string[] {
  mkdirSync(home, { recursive: true });
  const entries = [...readdirSync(disk), ...readdirSync(home).map((name) => join('home', name))];
  for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true, force: true });
  const expected = ['home', 'home/labs', 'runs', 'trace.pcapng'];
  return entries.filter((name) => !expected.includes(name));
}

type Judge = (ended: Ended, verb: Verb, signals: readonly string[]) => void;

/** @returns how many strikes hit somebody */
async function playSteps(
  steps: readonly Step[],
  place: Place,
  limits: Limits,
  judge: Judge,
): Promise<number> {
  const running: Promise<void>[] = [];
  let hits = 0;
  for (const { verb: name, beside, strike } of steps) {
    if (!beside) await Promise.all(running.splice(0));
    const verb = verbs[name];
    const called = call(place, verb, limits);
    const signals: string[] = [];
    const struck = strike === undefined ? undefined : hit(strike, called, signals, place, judge);
    running.push(
      Promise.all([called.ended, struck]).then(([ended, didHit]) => {
        if (didHit === true) hits++;
        judge(ended, verb, signals);
      }),
    );
  }
  await Promise.all(running);
  return hits;
}

/** @param signals gets those that the command itself was sent. @returns whether there was somebody to hit */
async function hit(
  strike: Strike,
  { child }: Called,
  signals: string[],
  place: Place,
  judge: Judge,
): Promise<boolean> {
  await delay(strike.afterMs);
  const { at, signal, then } = strike;
  if (at === 'daemon' || (at === 'agent' && place.host === 'uml'))
    return hitInside(at, place, signal, then, judge);
  const role = at === 'agent' ? 'helper' : at;
  const ids = labNames.map((name) => labPaths(name, place.home).id);
  const command = child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  // Any will do; which one is first is chance. If there is none, it is the command's turn.
  const [pid = command] = await victims(role, command, ids);
  if (pid === undefined) return false;
  if (pid === command) signals.push(signal, ...(then === undefined ? [] : [then.signal]));
  send(pid, signal);
  if (then === undefined) return true;
  await delay(then.afterMs);
  send(pid, then.signal);
  return true;
}

/** What a guest runs only its own kernel can hit. */
async function hitInside(
  at: 'daemon' | 'agent',
  place: Place,
  signal: Strike['signal'],
  then: Strike['then'],
  judge: Judge,
): Promise<boolean> {
  const { id, name } = labPaths(labNames[0], place.home);
  const pid = `$(cat /run/tierlab/${id}/l7-1/haproxy.pid)`;
  const script = (what: string): string =>
    at === 'agent' ? `kill -${what} $PPID` : `kill -${what} ${pid} || true`;
  const rest = then === undefined || at === 'agent' ? '' : `; sleep 0.5; ${script(then.signal.slice(3))}`;
  // An agent that is stopped can never be continued from inside.
  const what = at === 'agent' ? 'KILL' : signal.slice(3);
  const verb: Verb = {
    argv: ['exec', 'l7-1', '--lab', name, '--', 'sh', '-c', `echo reached; ${script(what)}${rest}`],
    usualMs: 1000,
    limitMs: 90_000,
    passesExitCode: true,
  };
  const ended = await call(place, verb).ended;
  judge(ended, verb, []);
  return ended.said.includes('reached');
}
