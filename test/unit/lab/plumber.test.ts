/** The plumber itself, on steps that need no privilege. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../src/base/until.ts';
import {
  type Job,
  plumberScript,
  type Stage,
  type Step,
  writeStages,
} from '../../../src/lab/plumbing/plumber.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-plumber-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function plumb(
  stages: readonly Stage[],
  through: 'file' | 'input' = 'input',
): { status: number | null; stdout: string; stderr: string } {
  const folder = scratch();
  writeFileSync(join(folder, 'steps'), writeStages(stages));
  const source = through === 'file' ? join(folder, 'steps') : '-';
  const { status, stdout, stderr } = spawnSync('perl', ['-e', plumberScript, source], {
    input: writeStages(stages),
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const say = (...words: string[]): { do: 'run'; argv: string[] } => ({
  do: 'run',
  argv: ['printf', '%s|', ...words],
});

test.each(['file', 'input'] as const)(
  'steps come through as they are, whatever is in their names (by %s)',
  (through) => {
    const odd = ["o'brien", 'my $(touch x) `labs`', 'a\tb', '50%', '%41', 'two\nlines', '', 'ü'];
    const { status, stdout, stderr } = plumb([{ lanes: 1, jobs: [[say(...odd)]] }], through);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`${odd.join('|')}|`);
  },
);

test('stages follow one another, and lanes share the jobs of one and lose none', () => {
  const names = Array.from({ length: 23 }, (_, i) => `job${i}`);
  for (const lanes of [1, 2, 4, 50]) {
    const { status, stdout } = plumb([
      { lanes: 1, jobs: [[say('first')]] },
      { lanes, jobs: names.map((name) => [say(name)]) },
      { lanes: 1, jobs: [[say('last')]] },
    ]);
    const words = stdout.split('|').slice(0, -1);
    expect({ status, first: words[0], last: words.at(-1) }).toEqual({
      status: 0,
      first: 'first',
      last: 'last',
    });
    expect(words.slice(1, -1).sort()).toEqual([...names].sort());
  }
});

test.each([1, 2])('a step that fails ends the plumbing with its command (%i lanes)', (lanes) => {
  const { status, stdout, stderr } = plumb([
    { lanes, jobs: [[say('before')], [{ do: 'run', argv: ['sh', '-c', 'exit 3'] }]] },
    { lanes: 1, jobs: [[say('after')]] },
  ]);
  expect(status).not.toBe(0);
  expect(stdout).toBe('before|');
  expect(stderr).toContain('failed: sh -c exit 3');
});

test('a program that is not there, a sysctl that is not there, and a namespace that is not there are named', () => {
  const failure = (step: Stage['jobs'][number][number]): string =>
    plumb([{ lanes: 1, jobs: [[step]] }]).stderr;
  expect(failure({ do: 'run', argv: ['no-such-program'] })).toBe(
    'cannot run no-such-program: No such file or directory\n',
  );
  expect(failure({ do: 'sysctl', path: 'net/no_such', value: '1' })).toContain(
    'cannot set sysctl net/no_such',
  );
  expect(failure({ do: 'sysctl', path: 'net/no_such', value: '1', ifThere: true })).toBe('');
  expect(failure({ do: 'enter', path: '/no/such' })).toContain(
    'cannot open namespace /no/such: No such file or directory',
  );
});

test('a daemon runs on, its words in its log and its number in its pid file', async () => {
  const folder = scratch();
  const log = join(folder, 'log');
  const pidFile = join(folder, 'deep/er/pid');
  const argv = ['sh', '-c', 'echo out; echo err >&2; nice; read -r line; echo "read $?"'];
  const { status, stdout } = plumb([
    {
      lanes: 1,
      jobs: [
        [
          { do: 'folder', path: join(folder, 'deep/er') },
          { do: 'start', argv, log, pidFile, priority: 5 },
        ],
      ],
    },
  ]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(Number(readFileSync(pidFile, 'utf8'))).toBeGreaterThan(1);
  const wanted = 'out\nerr\n5\nread 1\n';
  const read = (): string => readFileSync(log, 'utf8');
  await until(() => ({ ok: read() === wanted, saw: read() }), {
    withinMs: 5000,
    why: 'the daemon to have said everything',
  });
});

test('it goes before all others while a lab comes up, and not where a lab changes; a daemon has the priority that it was given', async () => {
  // Not everybody may: then all is as usual.
  const first = spawnSync('nice', ['-n', '-20', 'nice'], { encoding: 'utf8' }).stdout.trim();
  const log = join(scratch(), 'log');
  const nice = { do: 'run', argv: ['nice'] } as const;
  const daemon = { do: 'start', argv: ['nice'], log, pidFile: `${log}.pid`, priority: 0 } as const;
  expect(plumb([{ lanes: 1, jobs: [[nice, daemon]] }], 'file').stdout).toBe(`${first}\n`);
  const said = (): { ok: boolean; saw: string } => {
    const saw = readFileSync(log, 'utf8');
    return { ok: saw === '0\n', saw };
  };
  await until(said, { withinMs: 5000, why: 'the priority of the daemon' });
  expect(plumb([{ lanes: 1, jobs: [[nice]] }], 'input').stdout).toBe('0\n');
});

test('a daemon that cannot be run says so in its log', async () => {
  const log = join(scratch(), 'log');
  plumb([
    {
      lanes: 1,
      jobs: [[{ do: 'start', argv: ['no-such-daemon'], log, pidFile: `${log}.pid`, priority: 0 }]],
    },
  ]);
  const read = (): string => readFileSync(log, 'utf8');
  const wanted = 'cannot run no-such-daemon: No such file or directory\n';
  await until(() => ({ ok: read() === wanted, saw: read() }), { withinMs: 5000, why: 'its words' });
});

test('a daemon is at work before the next one is started, if that is asked for, or has ended', () => {
  const folder = scratch();
  const settled = (name: string, script: string): Job => {
    const pidFile = join(folder, `${name}.pid`);
    return [
      { do: 'start', argv: ['perl', '-e', script, folder], log: join(folder, 'log'), pidFile, priority: 0 },
      { do: 'settle', pidFile },
    ];
  };
  // Busy for a while, then asleep for longer than the plumber may take.
  const slow = 'for (1 .. 3_000_000) {} open(my $file, ">", "$ARGV[0]/done"); close($file); sleep 60';
  const look: Step = { do: 'run', argv: ['sh', '-c', 'test -e "$0/done" && printf there', folder] };
  const begin = performance.now();
  const { status, stdout, stderr } = plumb([
    { lanes: 1, jobs: [[...settled('slow', slow), look], settled('gone', 'exit 3')] },
  ]);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'there', stderr: '' });
  expect(performance.now() - begin).toBeLessThan(10_000);
  process.kill(Number(readFileSync(join(folder, 'slow.pid'), 'utf8')));
});
