/** How much is tried, and from which seed: `FUZZ_ROUNDS=20 FUZZ_SEED=7 npx vitest run --project unit test/unit/fuzz`. */
import type { Parameters } from 'fast-check';

/**
 * Each run has a seed of its own; where something fails, fast-check says seed and path along with the smallest input that it found.
 * @param rounds how many are tried in an ordinary run
 */
export function trying(rounds: number): Parameters<unknown> {
  const { FUZZ_ROUNDS: times = '1', FUZZ_SEED: seed } = process.env;
  return {
    numRuns: Math.max(1, Math.round(rounds * Number(times))),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    // Shrinking a whole topology can take long; what is found by then is small enough to read.
    interruptAfterTimeLimit: 120_000,
    markInterruptAsFailure: false,
  };
}

/** Milliseconds that one test may take: what does not end by then hangs. */
export const longest = 180_000 * Math.max(1, Number(process.env.FUZZ_ROUNDS ?? 1));
