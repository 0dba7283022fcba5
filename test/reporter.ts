/** Ends the output of a run with one plain line, `412 passed, 0 failed`, that counts truthfully. */
import type { Reporter, SerializedError, TestModule, TestSpecification } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
  /** Passed, but not at once; and what was wrong the first time. */
  readonly triedAgain: { readonly name: string; readonly reasons: readonly string[] }[];
  readonly skipped: { readonly name: string; readonly reason: string; readonly isRequired: boolean }[];
}

export default class SummaryReporter implements Reporter {
  #specifications = 0;

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#specifications = specifications.length;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tally = count(modules);
    // Files that never reported (a worker that died) and errors outside any test are failures too.
    tally.failed += unhandled.length + Math.max(0, this.#specifications - modules.length);
    for (const { name, reasons } of tally.triedAgain)
      write([`passed when tried again: ${name}`, ...reasons].join('\n'));
    if (tally.skipped.length > 0) write(`${tally.skipped.length} skipped:`);
    for (const { name, reason } of tally.skipped) write(`  ${name}: ${reason}`);
    if (process.env.CI !== undefined && process.env.CI !== '') {
      const required = tally.skipped.filter(({ isRequired }) => isRequired);
      if (required.length > 0) write(`${required.length} skipped tests are required here (CI is set)`);
      tally.failed += required.length;
    }
    if (tally.failed > 0 || tally.passed === 0) process.exitCode = 1;
    write(`${tally.passed} passed, ${tally.failed} failed`);
  }
}

/**
 * Where CI is set, labs must run: a skipped guest test is a failure there. (Not one whose name says what it needs: those of the machine's
 * own kernel need root, and a guest, where one is root, runs them as well; others a newer kernel than the guest may have.)
 * A file that could not be collected, or a hook of a suite that threw, counts as one failure each.
 */
function count(modules: readonly TestModule[]): Tally {
  const tally: Tally = { passed: 0, failed: 0, triedAgain: [], skipped: [] };
  for (const module of modules) {
    tally.failed += module.errors().length;
    for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') {
        tally.passed++;
        const reasons = result.errors?.map(({ message }) => message) ?? [];
        if (reasons.length > 0) tally.triedAgain.push({ name: test.fullName, reasons });
      } else if (result.state === 'failed') tally.failed++;
      else {
        tally.skipped.push({
          name: test.fullName,
          reason:
            (result.state === 'skipped' && result.note) ||
            /needs [^)]+/.exec(test.name)?.[0] ||
            'no reason given',
          isRequired: module.project.name === 'guest' && !/\(needs [^)]+\)$/.test(test.name),
        });
      }
    }
  }
  return tally;
}

const write = (line: string): boolean => process.stdout.write(`${line}\n`);
