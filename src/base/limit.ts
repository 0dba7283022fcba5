/** Runs a task when its turn has come. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>;

/** Of the tasks given to it, at most `most` run at a time; the others wait for their turn in the order they came. */
export function limit(most: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      // Whoever is next takes this one's place.
      if (next === undefined) running--;
      else next();
    }
  };
}
