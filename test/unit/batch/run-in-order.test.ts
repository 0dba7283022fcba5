import { expect, onTestFinished, test, vi } from 'vitest';
import { type PlannedRun, runInOrder } from '../../../src/cli/batch.ts';
import { costOf } from '../../../src/cli/cost.ts';
import { type AtOnce, jobsOf, processorsOf } from '../../../src/cli/jobs.ts';
import { exitCodeOf } from '../../../src/cli/outcome.ts';
import { sideBySide } from '../../../src/cli/side-by-side.ts';

const runs = ['a', 'b', 'c'].map((labName) => lasting(labName, 1000));
const three: AtOnce = { labs: 3, measured: 3 };

test('outcomes are told in the order asked for, whichever is ready first', async () => {
  const ended: string[] = [];
  const told: string[] = [];
  const waits: Record<string, number> = { a: 60, b: 5, c: 20 };
  await runInOrder(
    runs,
    three,
    async ({ labName }) => {
      await new Promise((resolve) => setTimeout(resolve, waits[labName]));
      ended.push(labName);
      return labName;
    },
    async (name) => {
      told.push(name);
    },
  );
  expect(ended).toEqual(['b', 'c', 'a']);
  expect(told).toEqual(['a', 'b', 'c']);
});

test('an error waits until all that was begun has ended, and the rest is not told', async () => {
  const ended: string[] = [];
  const told: string[] = [];
  const all = runInOrder(
    runs,
    three,
    async ({ labName }) => {
      if (labName === 'b') throw new Error('b broke');
      await new Promise((resolve) => setTimeout(resolve, 30));
      ended.push(labName);
      return labName;
    },
    async (name) => {
      told.push(name);
    },
  );
  await expect(all).rejects.toThrow('b broke');
  expect(told).toEqual(['a']);
  expect(ended).toEqual(['a', 'c']);
});

test('the longest begin first where runs stand side by side, and none is told before its turn', async () => {
  const long = lasting('long', 9000);
  const orders = [
    { labs: 2, measured: 1 },
    { labs: 1, measured: 1 },
  ].map(async (atOnce) => {
    const begun: string[] = [];
    const told = await runInOrder(
      [...runs, long],
      atOnce,
      async ({ labName }) => {
        begun.push(labName);
        return labName;
      },
      async () => {},
    );
    expect(told).toEqual(['a', 'b', 'c', 'long']);
    return begun;
  });
  expect(await Promise.all(orders)).toEqual([
    ['long', 'a', 'b', 'c'],
    ['a', 'b', 'c', 'long'],
  ]);
});

test('auto means a lab for every processor and gibibyte, of which one processor has none that is measured', () => {
  const gib = 2 ** 30;
  const atOnce = [1, 2, 3.5, 4, 16].map((processors) => jobsOf('auto', processors, 64 * gib));
  expect(atOnce.map(({ labs, measured }) => [labs, measured])).toEqual([
    [1, 1],
    [1, 1],
    [3, 2],
    [4, 3],
    [16, 15],
  ]);
  expect(jobsOf('auto', 16, 7.9 * gib)).toEqual({ labs: 7, measured: 7 });
  expect(jobsOf('auto', 0.5, gib)).toEqual({ labs: 1, measured: 1 });
  expect(jobsOf('auto', 4, 0)).toEqual({ labs: 1, measured: 1 });
  expect(jobsOf(7, 4)).toEqual({ labs: 7, measured: 3 });
  expect(jobsOf(2, 1)).toEqual({ labs: 2, measured: 1 });
});

test('the quota of a control group is read as processors', () => {
  expect(processorsOf('max 100000\n')).toBe(Number.POSITIVE_INFINITY);
  expect(processorsOf('250000 100000\n')).toBe(2.5);
});

test('the worst outcome gives the exit code', () => {
  const of = (...verdicts: ('pass' | 'fail' | 'unknown')[]) => verdicts.map((verdict) => ({ verdict }));
  expect(exitCodeOf([])).toBe(0);
  expect(exitCodeOf(of('pass', 'pass'))).toBe(0);
  expect(exitCodeOf(of('pass', 'unknown'))).toBe(5);
  expect(exitCodeOf(of('pass', 'unknown', 'fail'))).toBe(1);
  expect(exitCodeOf(of('pass', 'unknown'), [{ exitCode: 4 }])).toBe(4);
  expect(exitCodeOf(of('fail'), [{ exitCode: 3 }])).toBe(1);
});

test('without a terminal each message is a line that begins with the name of its lab', () => {
  const lines: string[] = [];
  const report = sideBySide({ report: ({ type, message }) => lines.push(`${type} ${message}`) });
  report({ type: 'step', lab: 'a', message: 'boot' });
  report({ type: 'warning', message: 'interrupted' });
  expect(lines).toEqual(['step a: boot', 'warning interrupted']);
});

test('on a terminal each lab has one line until it is torn down, and warnings stay above', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  let block: readonly string[] = [];
  const report = sideBySide({
    report: ({ type, message }) => lines.push(`${type} ${message}`),
    status: (now) => {
      block = now;
    },
  });
  report({ type: 'step', lab: 'a', message: 'boot' });
  report({ type: 'step', lab: 'longer', message: 'boot' });
  report({ type: 'detail', lab: 'a', message: 'up' });
  expect(block).toEqual(['a          0s  up', 'longer     0s  boot']);
  report({ type: 'warning', lab: 'a', message: 'did not land' });
  report({ type: 'end', lab: 'a', message: 'torn down' });
  expect(block).toEqual(['longer     0s  boot']);
  vi.advanceTimersByTime(61_000);
  expect(block).toEqual(['longer    61s  boot']);
  report({ type: 'end', lab: 'longer', message: 'torn down' });
  expect(block).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  expect(lines).toEqual(['warning a: did not land']);
});

test('a rolling action lasts as long as its steps, however short the scenario is', () => {
  const short = lasting('short', 5000);
  const rolling = { action: 'rolling', target: 'l7', steps: [{}, {}, {}], maxUnavailable: 2, pauseMs: 1000 };
  const topology = { nodes: [{ name: 'l7', count: 4 }] } as unknown as PlannedRun['topology'];
  const timeline = [rolling] as unknown as PlannedRun['scenario']['timeline'];
  const long = { ...short, topology, scenario: { ...short.scenario, timeline } };
  expect(costOf(long) - costOf({ ...short, topology })).toBe(2 * (3 * 1300 + 1000));
});

function lasting(labName: string, durationMs: number): PlannedRun {
  return {
    labName,
    scenario: { durationMs, timeline: [] },
    topology: { nodes: [] },
  } as unknown as PlannedRun;
}
