/** What is to happen in a round: drawn from the seed, so that a round can be had again. When exactly it hits is chance. */
import { type Random, seeded } from '../../src/base/random.ts';
import { type VerbName, verbNames, verbs } from './verbs.ts';

/** Under what conditions a round takes place. */
export const hardships = ['none', 'few-files', 'full-disk', 'read-only', 'little-memory', 'removed'] as const;
export type Hardship = (typeof hardships)[number];

/** Whom a signal hits. `daemon`: one of the lab's own, by its pid file; `agent`: what runs programs in a guest. */
export const roles = ['cli', 'helper', 'keeper', 'guest', 'task', 'traffic', 'daemon', 'agent'] as const;
export type Role = (typeof roles)[number];

export interface Strike {
  readonly afterMs: number;
  readonly at: Role;
  readonly signal: 'SIGKILL' | 'SIGINT' | 'SIGTERM' | 'SIGSTOP';
  /** What follows a SIGSTOP, and how much later. */
  readonly then?: { readonly signal: 'SIGCONT' | 'SIGKILL'; readonly afterMs: number };
}

export interface Step {
  readonly verb: VerbName;
  /** Does not wait for the one before it. */
  readonly beside: boolean;
  readonly strike?: Strike;
}

export interface Round {
  readonly number: number;
  readonly hardship: Hardship;
  /** Of the hardship: open files, MiB of memory, or ms until it comes. */
  readonly amount: number;
  readonly steps: readonly Step[];
}

/** Up and down, and nothing happens. */
export const plainRound: Round = {
  number: 0,
  hardship: 'none',
  amount: 0,
  steps: [{ verb: 'up', beside: false }],
};

export function planRound(seed: number, number: number): Round {
  const random = seeded(seed, `round ${number}`);
  const hardship = random.next() < 0.5 ? 'none' : pick(hardships, random);
  const first = step('up', false, random, 0.45);
  const others = verbNames.filter((name) => name !== 'up');
  const count = 1 + random.integer(4);
  const rest = Array.from({ length: count }, () =>
    step(pick(others, random), random.next() < 0.35, random, 0.65),
  );
  // `test` makes a lab of its own: now and then it is all there is.
  const steps = random.next() < 0.15 ? [step('test', false, random, 0.7)] : [first, ...rest];
  return { number, hardship, amount: amountOf(hardship, random), steps };
}

function step(verb: VerbName, beside: boolean, random: Random, odds: number): Step {
  const strike = random.next() < odds ? { strike: strikeOn(verb, random) } : {};
  return { verb, beside, ...strike };
}

function strikeOn(verb: VerbName, random: Random): Strike {
  const at = random.next() < 0.45 ? 'cli' : pick(roles, random);
  const signal = pick(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGSTOP'] as const, random);
  const afterMs = random.integer(verbs[verb].usualMs);
  // Nobody but the command line has been told to end by an interrupt.
  const sent = at === 'cli' || signal === 'SIGSTOP' ? signal : 'SIGKILL';
  if (sent !== 'SIGSTOP') return { at, signal: sent, afterMs };
  const then = { signal: pick(['SIGCONT', 'SIGKILL'] as const, random), afterMs: 50 + random.integer(1500) };
  return { at, signal: sent, afterMs, then };
}

function amountOf(hardship: Hardship, random: Random): number {
  // A guest is not begun with less than 256.
  if (hardship === 'few-files')
    return random.next() < 0.5 ? 24 + random.integer(60) : 256 + random.integer(100);
  // From too little to come up to hardly enough.
  if (hardship === 'little-memory') return 44 + random.integer(126);
  // Often there from the start.
  if (hardship !== 'removed' && random.next() < 0.3) return 0;
  return 1 + random.integer(6000);
}

export function describe({ number, hardship, amount, steps }: Round): string {
  const told = steps.map(({ verb, beside, strike }) => {
    const after = strike?.then === undefined ? '' : ` ${strike.then.signal} +${strike.then.afterMs} ms`;
    const hit =
      strike === undefined ? '' : ` [${strike.signal} ${strike.at} at ${strike.afterMs} ms${after}]`;
    return `${beside ? '& ' : ''}${verb}${hit}`;
  });
  return `round ${number}: ${hardship === 'none' ? '' : `${hardship} ${amount}, `}${told.join(', ')}`;
}

function pick<T>(among: readonly T[], random: Random): T {
  const found = among[random.integer(among.length)];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}
