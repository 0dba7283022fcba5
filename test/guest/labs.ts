/** Every lesson does what its text says: its expectations hold, and its control breaks as named. */
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planRuns } from '../../src/cli/batch.ts';
import { loadLab, scenarioFiles } from '../../src/cli/scenarios.ts';
import { type Shard, shareOf } from '../../src/cli/shard.ts';
import { explained } from './explained.ts';
import { type Home, judged, makeHome, repository } from './tierlab.ts';

/**
 * Tests one share of all scenarios of all labs. Vitest runs files side by side, as many as there are processors for, and the tests
 * of a file one after another: so each share has a file.
 */
export async function testLabs(share: Shard): Promise<void> {
  const labs = join(repository, 'labs');
  // The first one is looked at closely in verdicts.test.ts.
  const files = (await scenarioFiles(labs)).filter((file) => !file.endsWith('/01-l4-crash/scenario.yaml'));
  const runs = planRuns(await Promise.all(files.map(loadLab)), 1);
  const mine = shareOf(runs, share).map(({ scenario }) => relative(labs, scenario.file));

  describe('the labs', () => {
    let home: Home;

    beforeAll(async () => {
      home = await makeHome();
    });
    afterAll(() => home.remove());

    test.each(mine)('%s', { timeout: 900_000 }, async (name) => {
      const outcome = await judged(home, join(labs, name));
      if (outcome.exitCode !== 0) expect.fail(await explained(home, outcome));
      expect(await home.inventory()).toEqual([]);
    });
  });
}
