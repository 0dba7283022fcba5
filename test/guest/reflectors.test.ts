/** Route reflectors that die and are drained, and a service of either hash, in a run that is held against the oracle. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explained } from './explained.ts';
import { type Home, judged, makeHome, repository } from './tierlab.ts';

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

test('nobody moves or breaks when a reflector dies or is drained, and all do when none is left; by either hash as foretold', async () => {
  const outcome = await judged(home, join(repository, 'test/guest/reflected-scenario.yaml'));
  if (outcome.exitCode !== 0) expect.fail(await explained(home, outcome));
  expect(await home.inventory()).toEqual([]);
});
