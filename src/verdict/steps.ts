/** A figure over time: each value holds from its time on. Ascending in time (ms since the epoch). */
export interface Step {
  readonly t: number;
  readonly value: number;
}

/** What the figure was at that time; undefined before the first step. */
export function valueAt(steps: readonly Step[], t: number): number | undefined {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.t ?? 0) <= t) low = middle + 1;
    else high = middle;
  }
  return steps[low - 1]?.value;
}

/** The figure of several together. */
export function sum(all: readonly (readonly Step[])[]): readonly Step[] {
  const [first = []] = all;
  if (all.length <= 1) return first;
  const now = all.map(() => 0);
  let total = 0;
  return all
    .flatMap((steps, who) => steps.map(({ t, value }) => ({ t, value, who })))
    .sort((a, b) => a.t - b.t)
    .map(({ t, value, who }) => {
      total += value - (now[who] ?? 0);
      now[who] = value;
      return { t, value: total };
    });
}

/** What it was from `start` to just before `end`: the value at the start, then each change. */
export function stepsWithin(steps: readonly Step[], start: number, end: number): Step[] {
  const first = valueAt(steps, start);
  const changes = steps.filter(({ t }) => t > start && t < end);
  return first === undefined ? changes : [{ t: start, value: first }, ...changes];
}
