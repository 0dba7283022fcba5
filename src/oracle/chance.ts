/** Chances that are only known to lie between two figures, and the counts that follow from many of them. */
import type { Bounds } from './types.ts';

/** Probabilities. Equal where the chance itself is known. */
export interface Chance {
  readonly least: number;
  readonly most: number;
}

export const never: Chance = { least: 0, most: 0 };
export const certain: Chance = { least: 1, most: 1 };
export const unknown: Chance = { least: 0, most: 1 };

export const times = ({ least, most }: Chance, factor: number): Chance => ({
  least: least * factor,
  most: most * factor,
});

export const plus = (a: Chance, b: Chance): Chance => ({ least: a.least + b.least, most: a.most + b.most });

/** Both, if they have nothing to do with each other. */
export const both = (a: Chance, b: Chance): Chance => ({ least: a.least * b.least, most: a.most * b.most });

/** The one or the other or both, if they have nothing to do with each other. */
export const either = (a: Chance, b: Chance): Chance => not(both(not(a), not(b)));

export const not = ({ least, most }: Chance): Chance => ({ least: 1 - most, most: 1 - least });

export const isCertain = ({ least }: Chance): boolean => least > 1 - rounding;
/** Is the chance itself known? */
export const isExact = ({ least, most }: Chance): boolean => most - least < rounding;
export const isPossible = ({ most }: Chance): boolean => most > rounding;

/**
 * How many of independent events happen: the sums of their chances, 3.3 standard deviations further out where they are neither
 * 0 nor 1 (of a binomial distribution 999 of 1,000 draws are within that).
 */
export function countBounds(chances: readonly Chance[]): Bounds {
  const low = spread(chances.map(({ least }) => least));
  const high = spread(chances.map(({ most }) => most));
  const certainly = chances.filter(isCertain).length;
  const possibly = chances.filter(isPossible).length;
  return {
    least: Math.max(certainly, Math.floor(low.mean - low.margin + rounding)),
    most: Math.min(possibly, Math.max(0, Math.ceil(high.mean + high.margin - rounding))),
  };
}

function spread(probabilities: readonly number[]): { mean: number; margin: number } {
  const mean = probabilities.reduce((sum, p) => sum + p, 0);
  const variance = probabilities.reduce((sum, p) => sum + Math.max(0, p * (1 - p)), 0);
  return { mean, margin: variance < rounding ? 0 : 3.3 * Math.sqrt(variance) };
}

const rounding = 1e-9;
