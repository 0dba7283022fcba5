import { describe, expect, test } from 'vitest';
import type { HistoryEvent } from '../../../src/verdict/history.ts';
import { type Judgement, judge, judgeScenario, type Verdict } from '../../../src/verdict/index.ts';
import { buildHistory, runAt, type Story, steadyAt, timelineAt } from './build-history.ts';

describe('windows', () => {
  test('split the run at the moment when a fault began, though it was recorded later', async () => {
    const expectations = [
      'before crash',
      'in crash..heal-crash',
      'in heal-crash..end',
      'in crash..+1s',
      'after crash',
    ];
    const expect_ = expectations.map((window) => `held.beats ${window} > 0`);
    const late = await figures({
      expect: expect_,
      crash: { to: timelineAt + 2900 },
      heal: { to: timelineAt + 5900 },
    });
    const prompt = await figures({ expect: expect_ });
    expect(late).toEqual(prompt);
    const [before = 0, during = 0, healed = 0, , after = 0] = late;
    const { metrics } = await judge(buildHistory());
    expect(before + during + healed).toBe(metrics.held?.beats);
    expect(during + healed).toBe(after);
    // 8 flows, a heartbeat a second, 3 s from crash to heal.
    expect(during).toBe(24);
  });

  test('a heartbeat counts in the window in which it was answered', async () => {
    const story = {
      expect: ['held.blackout.max in crash..+700ms < 100ms', 'held.blackout.max in crash..+2s > 600ms'],
    };
    expect(await figures(story)).toEqual([4, 656]);
  });

  test('breaks, moves and nodes are counted by their own time', async () => {
    const story: Story = {
      breaks: { 2: { atMs: 2500, cause: 'rst' }, 1: { atMs: 500, cause: 'eof' } },
      expect: [
        'held.broken before crash == 1',
        'held.broken in crash..+5s == 1',
        'held.broken.rst in crash..heal-crash == 1',
        'held.broken after heal-crash == 0',
        'held.survived before crash == 7',
        'held.moved before crash == 0',
        'held.moved in crash..+1s == 4',
        'held.on.l4-1 before crash == 4',
        'held.on.l4-1 == 0',
        'held.on.l4-2 == 8',
        'held.exposed before crash == 0',
        'held.exposed in crash..+1s == 4',
      ],
    };
    expect((await judge(buildHistory(story))).reasons).toEqual([]);
  });
});

test('a flow that stalled in the timeline is told, however long it had stalled while it warmed up', async () => {
  const early: HistoryEvent = {
    type: 'beat',
    t: steadyAt - 100,
    traffic: 'held',
    flow: 0,
    seq: 99,
    ms: 2500,
  };
  const change = (events: HistoryEvent[]): HistoryEvent[] => {
    const steady = events.findIndex(({ t }) => t >= steadyAt);
    return [...events.slice(0, steady), early, ...events.slice(steady)];
  };
  const stalls = async (story: Story): Promise<unknown> => (await judge(buildHistory(story))).stalledFlows;
  const expected = await stalls({ stallMs: 1500 });
  expect(expected).toHaveLength(4);
  expect(await stalls({ stallMs: 1500, change })).toEqual(expected);
});

test('what happened before steady state and after the end does not count', async () => {
  const { metrics } = await judge(
    buildHistory({
      change: (events) => [
        ...events.map((event) =>
          event.type === 'beat' && event.t < steadyAt ? { ...event, ms: 900 } : event,
        ),
        { type: 'beat', t: timelineAt + 9000, traffic: 'held', flow: 3, seq: 99, ms: 2500 },
        {
          type: 'request',
          t: timelineAt + 9000,
          traffic: 'requests',
          intended: timelineAt + 6100,
          ms: 2900,
          cause: 'timeout',
        },
      ],
    }),
  );
  expect(metrics.held?.['blackout.max']).toBe(656);
  expect(metrics.requests?.errors).toBe(0);
});

test('a request that was due before the end counts even if it failed after it', async () => {
  const { metrics } = await judge(
    buildHistory({ requests: (n) => (n === 39 ? { ms: 2000, cause: 'timeout' } : undefined) }),
  );
  expect(metrics.requests?.['errors.timeout']).toBe(1);
});

test('a connection that was opened anew before steady state is not broken', async () => {
  const { verdict, metrics } = await judge(
    buildHistory({
      change: (events) =>
        events.flatMap((event) =>
          event.type === 'open' && event.flow === 3
            ? [
                event,
                { type: 'close', t: event.t + 1, traffic: 'held', flow: 3, cause: 'rst', waitingMs: 0 },
                { ...event, t: event.t + 2 },
              ]
            : [event],
        ),
    }),
  );
  expect(verdict).toBe('pass');
  expect(metrics.held).toMatchObject({ established: 8, broken: 0, beats: expect.any(Number) });
});

test('a connection that broke stays broken when its number is opened anew', async () => {
  const { metrics } = await judge(
    buildHistory({
      breaks: { 3: { atMs: 2000, cause: 'rst' } },
      change: (events) =>
        events.flatMap((event): HistoryEvent[] => {
          if (event.type !== 'close' || event.flow !== 3) return [event];
          const anew = { l7: 'l7-2', backend: 'web-1', connection: 'l7-2:900', connectMs: 1 };
          return [
            event,
            {
              type: 'open',
              t: event.t + 50,
              traffic: 'held',
              flow: 3,
              client: '203.0.113.13:20003',
              ...anew,
            },
          ];
        }),
    }),
  );
  expect(metrics.held).toMatchObject({ broken: 1, 'broken.rst': 1, survived: 7 });
});

test('a flow that broke before a fault was not exposed to it', async () => {
  const { metrics } = await judge(buildHistory({ breaks: { 2: { atMs: 400, cause: 'rst' } } }));
  expect(metrics.held).toMatchObject({ broken: 1, exposed: 3, own_share: 0, collateral: 1 });
});

test('a connection that breaks before steady state and stays so makes the run unbelievable, not failed', async () => {
  const { verdict, reasons } = await judge(buildHistory({ breaks: { 3: { atMs: -1500, cause: 'rst' } } }));
  expect(verdict).toBe('unknown');
  expect(reasons).toEqual(['held had 7 of 8 connections when steady state began']);
});

test('a lab that is short of CPU is not believed, though the traffic process has its turn in time', async () => {
  const judged = await judge(buildHistory({ look: { atMs: 100, ms: 3001 } }));
  expect(judged.verdict).toBe('unknown');
  expect(judged.reasons[0]).toMatch(/^a look at the balancers' tables took 3s/);
  expect((await judge(buildHistory({ look: { atMs: 100, ms: 3000 } }))).verdict).toBe('pass');
  expect((await judge(buildHistory({ look: { atMs: -100, ms: 9000 } }))).verdict).toBe('pass');
});

test('lag before the timeline does not count, nor lag up to half the shortest heartbeat', async () => {
  expect((await judge(buildHistory({ lag: { atMs: -100, ms: 2000 } }))).verdict).toBe('pass');
  expect((await judge(buildHistory({ lag: { atMs: 100, ms: 500 } }))).verdict).toBe('pass');
  const quick = buildHistory({
    lag: { atMs: 100, ms: 120 },
    change: ([run, ...rest]) =>
      run?.type !== 'run'
        ? rest
        : [
            {
              ...run,
              traffic: run.traffic.map((spec) =>
                spec.type === 'http' ? spec : { ...spec, heartbeatMs: 200 },
              ),
            },
            ...rest,
          ],
  });
  expect((await judge(quick)).reasons[0]).toContain('120ms late (more than 100ms)');
});

test('broken flows come with the way they took before and after, and the fault that hit it', async () => {
  const { brokenFlows, movedFlows } = await judge(
    buildHistory({
      breaks: {
        4: { atMs: 2702, cause: 'wrong-l7', detail: 'answered by l7-3' },
        7: { atMs: 1500, cause: 'eof' },
      },
    }),
  );
  expect(brokenFlows).toMatchObject([
    { flow: 7, l4Before: 'l4-2', l4After: null, cause: 'eof', exposedTo: [], brokenAt: 1500 },
    {
      flow: 4,
      l4Before: 'l4-1',
      l4After: 'l4-2',
      l7: 'l7-2',
      backend: 'web-3',
      cause: 'wrong-l7',
      exposedTo: ['crash'],
    },
  ]);
  expect(movedFlows).toEqual([
    { traffic: 'held', from: 'l4-1', to: 'l4-2', flows: 4, firstMs: 1700, lastMs: 1700 },
  ]);
});

test('a flow that goes to and fro moved once, and counts for both ways', async () => {
  const back = {
    type: 'path' as const,
    t: timelineAt + 5000,
    service: 'web',
    client: '203.0.113.10:20000',
    l4: 'l4-1',
    l7: 'l7-1',
    from: 'l4-2',
  };
  const { metrics, movedFlows } = await judge(
    buildHistory({ change: (events) => [...events.slice(0, -20), back, ...events.slice(-20)] }),
  );
  expect(metrics.held?.moved).toBe(4);
  expect(movedFlows.map(({ from, to, flows }) => [from, to, flows])).toEqual([
    ['l4-1', 'l4-2', 4],
    ['l4-2', 'l4-1', 1],
  ]);
});

test('a flow that is seen at another L7 behind the same L4 did not move', async () => {
  const { metrics } = await judge(
    buildHistory({
      moves: false,
      change: (events) =>
        events.map((event) => (event.type === 'path' ? { ...event, from: event.l4 } : event)),
    }),
  );
  expect(metrics.held?.moved).toBe(0);
});

test('a tolerance in percent is of the value, but in points where the value is a ratio', async () => {
  const verdicts = async (expect_: string[]): Promise<Verdict[]> =>
    (await judge(buildHistory({ expect: expect_ }))).expectations.map(({ verdict }) => verdict);
  expect(await verdicts(['held.moved ~ 5 ± 20%', 'held.moved ~ 5 ± 19%', 'held.moved ~ 5 ± 1'])).toEqual([
    'pass',
    'fail',
    'pass',
  ]);
  expect(await verdicts(['requests.share.l7-1 ~ 30% ± 4%', 'requests.share.l7-1 ~ 30% ± 3%'])).toEqual([
    'pass',
    'fail',
  ]);
});

test('how evenly a tier is used is its busiest node over the mean, and not known of one that nobody was seen on', async () => {
  const { expectations } = await judge(
    buildHistory({
      says: [{ atMs: 100, node: 'l4-1', values: {} }],
      expect: [
        'held.share.l4.max_over_mean before crash == 1',
        'held.share.l4.max_over_mean == 2',
        'requests.share.l4.max_over_mean > 1',
      ],
    }),
  );
  expect(expectations.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'unknown']);
});

test('a scenario without http is judged without requests, and times need not start at zero', async () => {
  const { metrics, steady, ranMs } = await judge(
    buildHistory({
      expect: ['held.broken == 0'],
      change: (events) =>
        events.flatMap((event): HistoryEvent[] =>
          event.type === 'request'
            ? []
            : event.type === 'run'
              ? [{ ...event, traffic: event.traffic.slice(0, 1) }]
              : [event],
        ),
    }),
  );
  expect(Object.keys(metrics)).toEqual(['held']);
  expect(steady).toEqual({ reached: true, afterMs: steadyAt - runAt, detail: null });
  expect(ranMs).toBe(6000);
});

test.each<[Verdict, Verdict | undefined, boolean, Verdict]>([
  ['pass', undefined, true, 'pass'],
  ['fail', undefined, true, 'fail'],
  ['unknown', undefined, true, 'unknown'],
  ['pass', 'pass', true, 'pass'],
  ['pass', 'fail', true, 'unknown'],
  ['pass', 'unknown', false, 'unknown'],
  ['fail', 'fail', true, 'fail'],
  ['fail', 'unknown', false, 'fail'],
  ['unknown', 'pass', true, 'unknown'],
  ['unknown', 'fail', true, 'unknown'],
])(
  'a run that is %s with a control that is %s (believable: %s) makes the scenario %s',
  async (main, control, believable, wanted) => {
    const judgement = await judge(buildHistory());
    const as = (verdict: Verdict, role: Judgement['role']): Judgement => ({
      ...judgement,
      role,
      verdict,
      believable,
      reasons: [`${role} is ${verdict}`],
    });
    const { verdict, reasons } = judgeScenario({
      name: 'a',
      file: 'a.yaml',
      runDir: 'runs/a',
      main: as(main, 'main'),
      ...(control === undefined ? {} : { control: as(control, 'control') }),
    });
    expect(verdict).toBe(wanted);
    if (control === 'fail') expect(reasons).toContain('the control did not break as named: control is fail');
    if (control === 'unknown')
      expect(reasons).toContain('the control cannot be believed: control is unknown');
  },
);

async function figures(story: Story): Promise<number[]> {
  const { expectations, reasons } = await judge(buildHistory(story));
  expect(reasons).toEqual([]);
  return expectations.map(({ actual }) => actual ?? Number.NaN);
}

test('a drain that did not come to its end makes the run unknown, whatever its figures are', async () => {
  const drained = buildHistory().map((event) =>
    event.type === 'fault' && event.action === 'inject'
      ? { ...event, fault: 'drain', landed: false, evidence: '3 sessions are open' }
      : event,
  );
  expect(await judge(drained)).toMatchObject({
    verdict: 'unknown',
    reasons: ['crash did not complete: 3 sessions are open'],
  });
});
