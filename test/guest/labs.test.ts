import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Home, judged, makeHome, repository } from './tierlab.ts';

/** Every lesson does what its text says: its expectations hold, and its control breaks as named. */
describe('the labs', () => {
  let home: Home;

  beforeAll(async () => {
    home = await makeHome();
  });
  afterAll(() => home.remove());

  // The first one is looked at closely in verdicts.test.ts.
  const labs = readdirSync(join(repository, 'labs')).filter((name) => name !== '01-l4-crash');
  const scenarios = labs.flatMap((lab) =>
    readdirSync(join(repository, 'labs', lab))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(lab, name)),
  );

  test.each(scenarios)('%s', { timeout: 900_000 }, async (name) => {
    const { exitCode, document } = await judged(home, join(repository, 'labs', name));
    expect(document.scenarios[0]?.reasons).toEqual([]);
    expect(exitCode).toBe(0);
    expect(await home.inventory()).toEqual([]);
  });
});
