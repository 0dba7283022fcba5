/** Taking samples on a noisy machine: the sides of a comparison take turns, and medians are compared. */

export type Sides<Name extends string> = Readonly<Record<Name, () => Promise<number>>>;

export interface TurnOptions {
  readonly repeats: number;
  /** Turns whose samples do not count: caches fill, modules load. */
  readonly warmUps?: number;
  readonly signal: AbortSignal;
}

/** Each side once, then each side again, … @returns the samples of each side, in order */
export async function takeTurns<Name extends string>(
  sides: Sides<Name>,
  { repeats, warmUps = 0, signal }: TurnOptions,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let turn = -warmUps; turn < repeats; turn++) {
    for (const name of names) {
      signal.throwIfAborted();
      const sample = await sides[name]();
      if (turn >= 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** @returns wall time in ms */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** NaN without samples. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
