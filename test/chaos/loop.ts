/** Chaos on ourselves: whatever is done to the command line and to what belongs to it, `down --all` leaves nothing. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './command.ts';
import { writeInputs } from './files.ts';
import { describe, plainRound, planRound } from './plan.ts';
import { playRound } from './round.ts';

export interface LoopOptions extends Pick<Place, 'program' | 'host' | 'patience'> {
  readonly seed: number;
  /** Number of the first round. */
  readonly from: number;
  readonly rounds: number;
  /** Only those of the rounds that have it. */
  readonly hardship?: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * Plays on a machine that must be ours alone: all of it is compared before and after each round.
 * @returns what was wrong, a text for each round in which something was
 */
export async function loop(options: LoopOptions): Promise<string[]> {
  const { seed, from, rounds, hardship, say, program, host, patience } = options;
  const base = mkdtempSync(join(tmpdir(), 'tierlab-chaos-'));
  const disk = join(base, 'disk');
  const place: Place = { program, disk, home: join(disk, 'home'), folder: base, host, patience };
  const failures: string[] = [];
  let played = 0;
  const strikes = { sent: 0, hit: 0 };
  try {
    mkdirSync(disk);
    await writeInputs(place.folder);
    // A native lab makes the kernel load modules, which stay, and with them devices such as tunl0.
    if (host === 'native') await playRound(plainRound, place);
    for (let number = from; number < from + rounds; number++) {
      const round = planRound(seed, number);
      if (hardship !== undefined && round.hardship !== hardship) continue;
      played++;
      const start = performance.now();
      const { wrong, ends, evidence, hits } = await playRound(round, place);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const condition = evidence === '' ? '' : `[${evidence}] `;
      say(`${describe(round)}\n  → ${condition}${ends.join(', ')} (${seconds} s)`);
      strikes.sent += round.steps.filter(({ strike }) => strike !== undefined).length;
      strikes.hit += hits;
      if (wrong.length === 0) continue;
      failures.push(`${describe(round)}\n${wrong.map((text) => `  ${text}\n`).join('')}`);
      say(failures.at(-1) ?? '');
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
  say(
    `${played - failures.length} rounds passed, ${failures.length} failed; ${strikes.hit} of ${strikes.sent} strikes found somebody to hit`,
  );
  return failures;
}
