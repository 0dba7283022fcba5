/** Reports of a saved run, as the built command line writes them. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HistoryEvent } from '../../../src/verdict/history.ts';
import { scratch, tierlab } from './run-cli.ts';

test('a run of 60 s and 500 connections, half of them broken in the control, makes a page of at most 2 MB', () => {
  const run = savedRun({ control: true });
  const { exitCode, stdout, stderr } = tierlab(['report', run]);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: `html report: ${join(run, 'report.html')}\n`,
    stderr: '',
  });
  expect(statSync(join(run, 'report.html')).size).toBeLessThan(2_000_000);
  const html = readFileSync(join(run, 'report.html'), 'utf8');
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  // The browser runs the script only if its digest is the one in the page.
  expect(html).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  expect(script).toContain('uPlot, © Leon Sorokin, MIT');
  expect(html).toContain('.uplot');
  expect(html).not.toMatch(/<(?:link|img|iframe|object|embed|base)\b|@import|url\(|\ssrc=/i);
  expect(html).toContain('250 broke');
});

test('every reporter writes beside the history, all at once or one after the other', () => {
  const run = savedRun({});
  const { exitCode, stdout } = tierlab(['judge', run, '--reporter', 'json,junit', '--reporter', 'markdown']);
  expect(exitCode).toBe(0);
  expect(stdout.trim().split('\n')).toEqual([
    `json report: ${join(run, 'verdict.json')}`,
    `junit report: ${join(run, 'junit.xml')}`,
    `markdown report: ${join(run, 'report.md')}`,
  ]);
  expect(readdirSync(run).sort()).toEqual(['junit.xml', 'main.jsonl', 'report.md', 'verdict.json']);
  expect(JSON.parse(readFileSync(join(run, 'verdict.json'), 'utf8'))).toMatchObject({ verdict: 'pass' });
});

test('judge prints to the terminal and writes nothing unless asked', () => {
  const run = savedRun({});
  const { stdout } = tierlab(['judge', run]);
  expect(stdout).toContain('PASS');
  expect(readdirSync(run)).toEqual(['main.jsonl']);
});

test('a run that failed is reported with exit code 0, and judged with 1', () => {
  const run = savedRun({ expected: 'held.moved > 400' });
  expect(tierlab(['judge', run]).exitCode).toBe(1);
  expect(tierlab(['report', run, '--reporter', 'markdown']).exitCode).toBe(0);
  expect(readFileSync(join(run, 'report.md'), 'utf8')).toContain('❌ fail');
});

test('reporters can be named in the environment', () => {
  const run = savedRun({});
  tierlab(['report', run], { env: { TIERLAB_REPORTER: 'markdown,junit' } });
  expect(readdirSync(run).sort()).toEqual(['junit.xml', 'main.jsonl', 'report.md']);
});

test('an unknown reporter is a usage error that lists those there are', () => {
  const run = savedRun({});
  const { exitCode, stderr } = tierlab(['report', run, '--reporter', 'html,pdf']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('"pdf" is none of terminal, json, junit, markdown, html');
  expect(existsSync(join(run, 'report.html'))).toBe(false);
});

test('a folder without a run is refused with what was meant', () => {
  const { exitCode, stderr } = tierlab(['report', scratch()]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('it holds main.jsonl');
});

test('the runs of several jobs become one report, in all its forms', () => {
  const jobs = scratch();
  const runs = ['job 1/run-a', 'job 2/run-b'].map((name) => join(jobs, name));
  for (const run of runs) cpSync(savedRun({}), run, { recursive: true });
  const out = join(jobs, 'merged');
  const reporters = ['--reporter', 'terminal,json,junit,markdown,html', '-o', out];
  const { exitCode, stdout } = tierlab(['merge', jobs, ...reporters]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('2 of 2 runs passed');
  expect(readdirSync(out).sort()).toEqual(['junit.xml', 'report.html', 'report.md', 'verdict.json']);
  expect(JSON.parse(readFileSync(join(out, 'verdict.json'), 'utf8'))).toMatchObject({
    verdict: 'pass',
    scenarios: runs.map((runDir) => ({ runDir })),
  });
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  const links = [...page.matchAll(/<a href="([^"]+)"/g)].map(([, link = '']) => decodeURIComponent(link));
  expect(links.map((link) => join(out, link))).toEqual(runs.map((run) => join(run, 'report.html')));
  for (const link of links) expect(existsSync(join(out, link))).toBe(true);
});

test('merging counts a run once, and a scenario without a verdict as the failure it was', () => {
  const jobs = scratch();
  cpSync(savedRun({}), join(jobs, 'run'), { recursive: true });
  mkdirSync(join(jobs, 'broken'));
  const failure = { name: 'x', file: 'x.yaml', runDir: '/elsewhere', code: 'guest-died', exitCode: 4 };
  const told = { ...failure, message: 'the guest is gone', details: [] };
  writeFileSync(join(jobs, 'broken', 'failure.json'), JSON.stringify(told));
  const { exitCode, stdout } = tierlab(['merge', jobs, join(jobs, 'run'), '--format', 'json']);
  expect(exitCode).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: 'unknown',
    scenarios: [{ verdict: 'pass' }],
    failures: [{ code: 'guest-died', runDir: join(jobs, 'broken') }],
  });
  expect(tierlab(['merge', scratch()]).exitCode).toBe(2);
});

function savedRun({ control = false, expected = 'held.broken == 0' }): string {
  const run = scratch();
  const write = (role: 'main' | 'control', expression: string): void => {
    const lines = historyOf(role, expression).map((event) => JSON.stringify(event));
    writeFileSync(join(run, `${role}.jsonl`), `${lines.join('\n')}\n`);
  };
  write('main', expected);
  if (control) write('control', 'held.broken > 0');
  return run;
}

const startAt = 1_760_000_000_000;
const timelineAt = startAt + 9000;
const seconds = 60;
const all = Array.from({ length: 500 }, (_, flow) => flow);

/** An L4 node dies after 20 s with 250 of 500 connections on it; in the control they are reset. */
function historyOf(role: 'main' | 'control', expression: string): HistoryEvent[] {
  const crashAt = timelineAt + 20_000;
  const traffic = 'held';
  const client = (flow: number): string => `203.0.113.${flow % 250}:${20_000 + flow}`;
  const l7 = (flow: number): string => `l7-${(flow % 3) + 1}`;
  const isHit = (flow: number): boolean => flow % 2 === 0;
  const isLost = (flow: number): boolean => role === 'control' && isHit(flow);
  const common = { type: 'path' as const, service: 'web' };
  const events: HistoryEvent[] = [
    ...all.map((flow): HistoryEvent => {
      const t = startAt + flow * 10;
      const backend = `web-${(flow % 5) + 1}`;
      return {
        type: 'open',
        t,
        traffic,
        flow,
        client: client(flow),
        l7: l7(flow),
        backend,
        connection: `c${flow}`,
        connectMs: 2,
      };
    }),
    { type: 'phase', t: timelineAt - 20, phase: 'steady' },
    ...all.map(
      (flow): HistoryEvent => ({
        ...common,
        t: timelineAt - 10,
        client: client(flow),
        l4: `l4-${(flow % 2) + 1}`,
        l7: l7(flow),
      }),
    ),
    { type: 'phase', t: timelineAt, phase: 'timeline' },
    {
      type: 'fault',
      t: crashAt + 50,
      name: 'crash',
      fault: 'node.crash',
      action: 'inject',
      targets: ['l4-1'],
      landed: true,
      evidence: 'gone',
      from: crashAt,
      to: crashAt + 50,
    },
    ...all
      .filter((flow) => isHit(flow) && role === 'main')
      .map(
        (flow): HistoryEvent => ({
          ...common,
          t: crashAt + 700,
          client: client(flow),
          l4: 'l4-2',
          l7: l7(flow),
          from: 'l4-1',
        }),
      ),
    ...all.filter(isLost).map(
      (flow): HistoryEvent => ({
        type: 'close',
        t: crashAt + 600 + flow,
        traffic,
        flow,
        cause: 'rst',
        detail: 'read ECONNRESET',
        waitingMs: 300,
      }),
    ),
    { type: 'phase', t: timelineAt + seconds * 1000, phase: 'end' },
  ];
  for (let second = 0; second < seconds; second++) {
    for (const flow of all) {
      const t = timelineAt + second * 1000 + flow * 2 - (second === 0 ? 0 : 0.5);
      if (isLost(flow) && t > crashAt) continue;
      events.push({
        type: 'beat',
        t,
        traffic,
        flow,
        seq: second,
        ms: 1 + ((flow * 37 + second * 11) % 200) / 7,
      });
    }
    for (let n = 0; n < 50; n++) {
      const t = timelineAt + second * 1000 + n * 20 + 4;
      events.push({
        type: 'request',
        t,
        traffic: 'requests',
        intended: t - 4,
        ms: 4,
        status: 200,
        l7: l7(n),
        backend: 'web-1',
      });
    }
  }
  return [
    {
      type: 'run',
      t: startAt,
      tierlab: '0.1.0',
      format: 1,
      scenario: 'an L4 node crashes',
      role,
      lab: 'l4-crash',
      host: 'uml',
      kernel: '6.1.90',
      seed: 42,
      traffic: [
        {
          name: 'held',
          type: 'held-tcp',
          connections: all.length,
          heartbeatMs: 1000,
          timeoutMs: 5000,
          uploadBytes: 64,
          downloadBytes: 64,
        },
        { name: 'requests', type: 'http', ratePerSecond: 50, timeoutMs: 2000 },
      ],
      expect: [expression],
      steadyForMs: 1000,
      durationMs: seconds * 1000,
      timeline: [{ atMs: 20_000, name: 'crash', what: 'node.crash l4-1' }],
    },
    ...events.sort((a, b) => a.t - b.t),
  ];
}
