/** Chaos on ourselves: whatever is done to the command line and to what belongs to it, `down --all` leaves nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './command.ts';
import { describe, plainRound, planRound } from './plan.ts';
import { playRound } from './round.ts';

export interface LoopOptions extends Pick<Place, 'program' | 'host' | 'patience'> {
  readonly seed: number;
  /** Number of the first round. */
  readonly from: number;
  readonly rounds: number;
  /** Compare the whole machine, which must be ours alone. */
  readonly strict: boolean;
  readonly say: (line: string) => void;
}

/** @returns what was wrong, a text for each round in which something was */
export async function loop(options: LoopOptions): Promise<string[]> {
  const { seed, from, rounds, say, strict, program, host, patience } = options;
  const home = await mkdtemp(join(tmpdir(), 'tierlab-chaos-'));
  const place: Place = { program, home, folder: home, host, patience };
  const failures: string[] = [];
  try {
    // A native lab makes the kernel load modules, which stay, and with them devices such as tunl0.
    if (strict) await playRound(plainRound, place, false);
    for (let number = from; number < from + rounds; number++) {
      const round = planRound(seed, number);
      const start = performance.now();
      const { wrong, ends, skipped } = await playRound(round, place, strict);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const end = skipped === undefined ? `${ends.join(', ')} (${seconds} s)` : `skipped: ${skipped}`;
      say(`${describe(round)}\n  → ${end}`);
      if (wrong.length === 0) continue;
      failures.push(`${describe(round)}\n${wrong.map((text) => `  ${text}\n`).join('')}`);
      say(failures.at(-1) ?? '');
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  return failures;
}
