import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import { type PlannedRun, planRuns } from '../../../src/cli/batch.ts';
import { parseShard, shareOf } from '../../../src/cli/shard.ts';

describe('a shard', () => {
  test.each([
    ['1/1', {}, { index: 1, of: 1 }],
    ['2/5', {}, { index: 2, of: 5 }],
    ['auto/5', { JOB_COMPLETION_INDEX: '0' }, { index: 1, of: 5 }],
    ['auto/5', { JOB_COMPLETION_INDEX: '4' }, { index: 5, of: 5 }],
    ['auto', { JOB_COMPLETION_INDEX: '1', JOB_COMPLETIONS: '3' }, { index: 2, of: 3 }],
    ['auto', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '3' }, { index: 1, of: 3 }],
    ['auto', { CIRCLE_NODE_INDEX: '2', CIRCLE_NODE_TOTAL: '3' }, { index: 3, of: 3 }],
    ['2', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '3' }, 'it does not say of how many'],
    ['0/5', {}, '"0" is none of 1 to 5'],
    ['6/5', {}, '"6" is none of 1 to 5'],
    ['x/5', {}, '"x" is none of 1 to 5'],
    ['1/0', {}, '"1" is none of 1 to 0'],
    ['', {}, 'it does not say of how many'],
    ['auto/5', {}, 'no job number in the environment'],
    ['auto', { JOB_COMPLETION_INDEX: '0' }, 'it does not say of how many'],
    ['auto/2', { JOB_COMPLETION_INDEX: '2' }, 'job 3 is none of 1 to 2'],
  ])('"%s" with %o', (text, environment, expected) => {
    if (typeof expected === 'object') expect(parseShard(text, environment)).toEqual(expected);
    else {
      expect(() => parseShard(text, environment)).toThrow(InputError);
      expect(() => parseShard(text, environment)).toThrow(expected);
    }
  });
});

const runs = planRuns(
  [60, 10, 30, 30, 5, 20, 40].map((seconds, i) => lab(`labs/${i}/scenario.yaml`, seconds, i % 2 === 0)),
  3,
);

test.each([1, 2, 3, 5, 40])('%i shares have every run once, each share in order, and all alike', (of) => {
  const shares = Array.from({ length: of }, (_, i) => shareOf(runs, { index: i + 1, of }));
  expect(shares.flat()).toHaveLength(runs.length);
  expect(new Set(shares.flat())).toEqual(new Set(runs));
  for (const share of shares) {
    expect(share.map((run) => runs.indexOf(run))).toEqual(
      share.map((run) => runs.indexOf(run)).sort((a, b) => a - b),
    );
  }
  const loads = shares.map((share) => share.reduce((sum, run) => sum + seconds(run), 0));
  // No share could give its shortest run to another and be better off.
  if (of < runs.length) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(132);
});

test('the split depends on nothing but the runs', () => {
  const again = runs.map((run) => structuredClone(run));
  expect(shareOf(again, { index: 2, of: 3 })).toEqual(shareOf(runs, { index: 2, of: 3 }));
});

test('no two runs of a batch make labs of one name, not even a control and a run', () => {
  const names = planRuns(
    ['a/x/scenario.yaml', 'b/x/scenario.yaml', 'x-control.yaml', 'x.yaml'].map((file) => lab(file, 1, true)),
    2,
  ).flatMap(({ labName }) => [labName, `${labName}-control`]);
  expect(new Set(names).size).toBe(names.length);
  expect(names.slice(0, 3)).toEqual(['x', 'x-control', 'x-2']);
});

test('a lab is named after its folder, another scenario of the folder has the name of its file behind it, and any other that of its file alone', () => {
  const names = (...files: string[]): string[] =>
    planRuns(
      files.map((file) => lab(file, 1, false)),
      1,
    ).map(({ labName }) => labName);
  const folder = join(import.meta.dirname, '../../../labs/13-reference-2018');
  expect(names(join(folder, 'scenario.yaml'), join(folder, 'l7.yaml'))).toEqual([
    '13-reference-2018',
    '13-reference-2018-l7',
  ]);
  expect(names('/srv/eu/crash.yml', '../us/crash.yml', '../two words.yaml', './_.yaml')).toEqual([
    'crash',
    'crash-2',
    'two-words',
    'lab',
  ]);
});

function seconds({ scenario }: PlannedRun): number {
  return (6 + scenario.durationMs / 1000) * (scenario.control === undefined ? 1 : 2);
}

function lab(file: string, durationS: number, control: boolean): Omit<PlannedRun, 'labName'> {
  const set = {
    set: { 'l4.sloppy_tcp': false },
    skip: [],
    timeline: [],
    durationMs: durationS * 1000,
    expect: [],
  };
  const scenario: PlannedRun['scenario'] = {
    name: file,
    file,
    topology: '',
    seed: 1,
    traffic: [],
    steady: { forMs: 1000, withinMs: 1000 },
    timeline: [],
    durationMs: durationS * 1000,
    expect: [],
    ...(control ? { control: set } : {}),
  } as unknown as PlannedRun['scenario'];
  return { scenario, topology: { name: 'none', nodes: [] } as unknown as PlannedRun['topology'] };
}
