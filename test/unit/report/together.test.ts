import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import {
  type Failure,
  reportJson,
  reportJunit,
  reportMarkdown,
  reportOverview,
  reportSummary,
  type ScenarioResult,
} from '../../../src/report/index.ts';
import { spreadRows } from '../../../src/report/spread.ts';
import { judge, judgeScenario, parseHistory } from '../../../src/verdict/index.ts';
import { buildHistory, toText } from '../verdict/build-history.ts';
import { stories } from '../verdict/stories.ts';

const plain = { colour: new Chalk({ level: 0 }), width: 100 };

const failure: Failure = {
  name: 'one <that> never came up',
  file: 'labs/x/scenario.yaml',
  runDir: '/runs/x',
  code: 'node-not-ready',
  exitCode: 4,
  at: Date.UTC(2026, 0, 1),
  message: 'waited 30s for: node l4-1 to be ready',
  details: ['last seen: no route', 'keepalived: <b>'],
  hint: 'look at it',
};

test('a repeated scenario shows the least, the middle and the most of each figure, and how often it held', async () => {
  const results = await Promise.all(['clean', 'timeout', 'clean', 'long-blackout'].map(resultOf));
  const { spreads = [] } = reportJson(results);
  expect(spreads).toHaveLength(1);
  const [spread] = spreads;
  expect(spread).toMatchObject({ runs: 4, verdicts: { pass: 2, fail: 2, unknown: 0 } });
  const broken = spread?.figures.find(({ expression }) => expression === 'held.broken == 0');
  const actuals = results
    .map((one) => one.main.expectations.find(({ expression }) => expression === 'held.broken == 0')?.actual)
    .map(Number)
    .sort((a, b) => a - b);
  expect(broken).toMatchObject({ held: 3, min: actuals[0], median: actuals[1], max: actuals[3] });
  expect(actuals[3]).toBeGreaterThan(0);
  const text = reportSummary(results, [], plain);
  expect(text).toContain('2 of 4 runs passed, 2 failed');
  expect(text).toMatch(/held\.broken == 0 +3\/4 /);
  const [figure] = spread?.figures ?? [];
  if (spread === undefined || figure === undefined) throw new Error('a spread has figures');
  const texts = ['1 (oracle: 1, the same flows)', '2', '3 (x: 3)'] as const;
  expect(spreadRows({ ...spread, figures: [{ ...figure, texts }] })[1]?.slice(2)).toEqual(['1', '2', '3']);
  expect(reportMarkdown(results)).toContain('2 of 4 runs passed, 2 failed');
});

test('a scenario that ran once has no spread', async () => {
  expect(reportJson([await resultOf('clean')])).not.toHaveProperty('spreads');
});

test('a scenario without a verdict is in every report, and makes the whole unknown at best', async () => {
  const results = [await resultOf('clean')];
  expect(reportJson(results, [failure])).toMatchObject({ verdict: 'unknown', failures: [failure] });
  expect(reportJson([await resultOf('timeout')], [failure]).verdict).toBe('fail');
  const junit = reportJunit(results, [failure]);
  expect(junit).toMatch(/<testsuite name="one &lt;that[^<]* tests="1" failures="0" errors="1" skipped="0"/);
  expect(junit).toContain('one &lt;that&gt; never came up');
  expect(junit).toContain('last seen: no route&#10;');
  expect(reportMarkdown(results, [failure])).toContain('no verdict: one &lt;that> never came up');
  expect(reportSummary(results, [failure], plain)).toContain('waited 30s for: node l4-1');
});

test('the page of many runs leads to each of them, loads nothing and escapes everything', async () => {
  const runs = [{ result: await resultOf('timeout'), page: '../runs/1/report.html' }];
  const page = reportOverview(runs, [failure], 'main { color: red }');
  expect(page).toContain('<a href="../runs/1/report.html">');
  expect(page).toContain('main { color: red }');
  expect(page).toContain('held.broken == 0');
  expect(page).toContain('one &lt;that&gt; never came up');
  expect(page).not.toContain('<b>&');
  expect(page).not.toMatch(/<(?:link|img|iframe|object|embed|base|script)\b|@import|url\(|\ssrc=/i);
  expect(page).toContain("default-src 'none'");
});

async function resultOf(story: string): Promise<ScenarioResult> {
  const written = stories[story];
  if (written === undefined) throw new Error(`there is no story "${story}"`);
  const main = await judge(parseHistory([toText(buildHistory(written))]));
  return judgeScenario({ name: main.scenario, file: `${story}.yaml`, runDir: `/runs/${story}`, main });
}
