/** The GitHub action in docs/ci, as far as it runs without GitHub. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { entry, scratch } from './run-cli.ts';

interface Step {
  readonly id?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
const folder = join(import.meta.dirname, '../../../docs/ci');
const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly runs: { readonly steps: readonly Step[] };
};

test('inputs never become part of a script', () => {
  for (const { run } of action.runs.steps) expect(run ?? '').not.toContain('${{');
});

test('the example uses inputs that the action has', () => {
  const workflow = parse(readFileSync(join(folder, 'workflow.yml'), 'utf8')) as {
    jobs: Record<string, { steps: { uses: string; with?: Record<string, unknown> }[] }>;
  };
  const step = workflow.jobs.survive?.steps.find(({ uses }) => uses === './docs/ci');
  expect(Object.keys(action.inputs)).toEqual(
    expect.arrayContaining(Object.keys(step?.with ?? { none: true })),
  );
});

test('the script hands labs on as words, sums up what was reported and ends as tierlab did', () => {
  const home = scratch();
  const runs = join(home, 'runs');
  mkdirSync(join(runs, 'an earlier run'), { recursive: true });
  writeFileSync(join(runs, 'an earlier run', 'report.md'), '## pass\n');
  const { run = '', env = {} } = action.runs.steps.find(({ id }) => id === 'test') ?? {};
  const { status, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', run], {
    encoding: 'utf8',
    cwd: home,
    env: {
      PATH: process.env.PATH ?? '',
      TIERLAB_HOME: join(home, 'labs'),
      ...env,
      LABS: `no-such-lab\n  $(touch\t${home}/expanded) *`,
      SHARD: '',
      TIERLAB_HOST: 'auto',
      TIERLAB_JOBS: 'auto',
      TIERLAB_RUNS: runs,
      TIERLAB: entry(),
      GITHUB_OUTPUT: join(home, 'output'),
      GITHUB_STEP_SUMMARY: join(home, 'summary'),
    },
  });
  expect(stderr).toContain('no-such-lab');
  expect(status).toBe(2);
  expect(readFileSync(join(home, 'output'), 'utf8')).toBe('exit-code=2\n');
  expect(readFileSync(join(home, 'summary'), 'utf8')).toBe('## pass\n');
  expect(existsSync(join(home, 'expanded'))).toBe(false);
});
