/** What is rendered for any topology that is right is accepted by the daemon that will read it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { kindTable } from '../../../src/kinds/index.ts';
import { parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import { checkers, isHere, refusals } from '../kinds/checkers.ts';
import { longest, trying } from './rounds.ts';
import { asText, topologies } from './topologies.ts';

vi.setConfig({ testTimeout: longest });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierlab-daemons-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const checker of checkers) {
  const { program } = checker;
  const here = isHere(checker);
  test.skipIf(!here)(
    `${program} accepts what it gets of any topology${here ? '' : ` (${program} is not installed)`}`,
    async () => {
      let asked = 0;
      await fc.assert(
        fc.asyncProperty(topologies, async (written) => {
          const document = parseDocument(asText(written), 'fuzz.yaml');
          const plan = planTopology(topologyOf(document, kindTable), kindTable);
          const base = mkdtempSync(join(folder, 'lab-'));
          const answer = await refusals(checker, plan, base);
          rmSync(base, { recursive: true, force: true });
          asked += answer.asked;
          expect(answer.against).toEqual([]);
        }),
        trying(200),
      );
      expect(asked).toBeGreaterThan(0);
    },
  );
}
