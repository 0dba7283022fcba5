import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Each guest keeps one processor busy while it boots, and the test that drives it wants another. */
const guestsAtOnce = Math.max(1, Math.floor(availableParallelism() / 2));

/** One after another: what a later one measures, an earlier one would disturb. */
export default defineConfig({
  test: {
    // A golden file that is missing is a failure like one that differs; UPDATE_GOLDEN=1 writes both.
    update: process.env.UPDATE_GOLDEN === '1' ? 'all' : 'none',
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        // Fast: no root, no guest. What is built is the command line, for the tests that run it as a user does.
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          globalSetup: ['test/build-apart.ts'],
          // What takes a second may take ten on a machine that is busy with something else.
          testTimeout: 30_000,
        },
      },
      {
        // Real labs in user-mode-linux guests.
        test: {
          name: 'guest',
          include: ['test/guest/**/*.test.ts'],
          globalSetup: ['test/machine-inventory.ts', 'test/build-dist.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // A machine that is shared may stall for seconds: what fails twice is broken. The report names what was tried again.
          retry: 1,
          maxWorkers: guestsAtOnce,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
