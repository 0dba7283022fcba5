import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type RunDetails, reportHtml, type ScenarioResult } from '../../../src/report/index.ts';
import type { HistoryEvent } from '../../../src/verdict/history.ts';
import { judge, judgeScenario, seriesOf } from '../../../src/verdict/index.ts';
import { threeTier } from '../kinds/three-tier.ts';
import { buildHistory, type Story } from '../verdict/build-history.ts';
import { stories } from '../verdict/stories.ts';

const script = 'globalThis.ran = true;';
const page = {
  script,
  scriptHash: createHash('sha256').update(script).digest('base64'),
  style: 'body { margin: 0 }',
};

describe('the HTML report of a crash with a control', () => {
  test('has the verdict, the story, every expectation with its figure, and how to judge it again', async () => {
    const text = textOf(await htmlOf({}, stories['control-broke-as-named']));
    expect(text).toContain('an L4 node crashes');
    expect(text).toContain(
      '4 of 8 connections moved, none broke; in the control (l4.sloppy_tcp: false) 4 broke.',
    );
    for (const expression of ['held.broken == 0', 'held.moved > 0', 'held.blackout.max < 2.5s'])
      expect(text).toContain(expression);
    expect(text).toContain('tierlab judge runs/20260101-120000-01-l4-crash');
    expect(text).toContain('uml, Linux 6.1.90');
  });

  test('draws every stage of both runs, the moved flows apart from the others', async () => {
    const html = await htmlOf({}, stories['control-broke-as-named']);
    const pictures = html.match(/<svg [\s\S]*?<\/svg>/g) ?? [];
    expect(pictures.map((svg) => /aria-label="([^"]*)"/.exec(svg)?.[1])).toEqual([
      'before crash: 8 flows as before, 0 moved, 0 broken',
      'after crash: 4 flows as before, 4 moved, 0 broken',
      'after heal-crash: 8 flows as before, 0 moved, 0 broken',
      'before crash: 8 flows as before, 0 moved, 0 broken',
      'after crash: 4 flows as before, 0 moved, 4 broken',
      'after heal-crash: 4 flows as before, 0 moved, 0 broken',
    ]);
    expect(pictures[0]).not.toContain('class="strand moved"');
    expect(pictures[1]).toContain('class="strand moved"');
    expect(pictures[1]).toMatch(/class="node hit"><title>l4-1/);
    expect(pictures[4]).toContain('class="strand broken"');
  });

  test('draws the nodes above the L4 tier too if the plan was saved', async () => {
    const html = await htmlOf({}, undefined, true);
    for (const node of ['client', 'r-1', 'r-2', 'l4-1', 'l7-3', 'web-2'])
      expect(html).toContain(`>${node}</text>`);
    expect(html).toContain('class="link"');
    expect(html).toContain('scheduler=mh');
  });

  test('hands both runs to its script, with the marks of the faults', async () => {
    const data = dataOf(await htmlOf({}, stories['control-broke-as-named']));
    expect(data.runs.map(({ title }) => title)).toEqual(['run', 'control']);
    expect(data.runs[0]?.marks).toEqual([
      { atMs: 1002, name: 'crash', action: 'inject', untilMs: 4001 },
      { atMs: 4001, name: 'heal-crash', action: 'heal' },
    ]);
    for (const { panels } of data.charts) expect(panels).toHaveLength(2);
  });

  test('a fault that nobody heals lasts until the end of its run', async () => {
    const [run] = dataOf(await htmlOf({ heal: { landed: false } })).runs;
    // The story's timeline ends after 6 s; figures are gathered in steps of 100 ms.
    const untilMs = expect.toSatisfy((ms: number) => Math.abs(ms - 6000) <= 200);
    expect(run?.marks).toEqual([{ atMs: 1002, name: 'crash', action: 'inject', untilMs }]);
  });
});

test('the page loads nothing and lets only its own script run', async () => {
  const html = await htmlOf({}, stories['control-broke-as-named'], true);
  expect(html).not.toMatch(/\s(?:src|href|srcset|action|on\w+)\s*=/i);
  expect(html).not.toMatch(/@import|url\(|https?:/i);
  expect(html).toContain(
    `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${page.scriptHash}'`,
  );
  expect(html.match(/<script>([\s\S]*?)<\/script>/)?.[1]).toBe(script);
});

test('names, evidence and what the lab said cannot become markup, nor colours', async () => {
  const evil = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\' \u001b[31mred\u0007\u202e';
  const change = (events: HistoryEvent[]): HistoryEvent[] =>
    events.map((event) => {
      if (event.type === 'run') return { ...event, scenario: evil, host: evil, kernel: evil, lab: evil };
      if (event.type === 'fault') return { ...event, name: evil, evidence: evil, targets: [evil, 'l4-1'] };
      if (event.type === 'open') return { ...event, l7: `${evil}${event.l7}`, backend: evil };
      if (event.type === 'path') return { ...event, l4: `${evil}${event.l4}`, l7: `${evil}${event.l7}` };
      if (event.type === 'close') return { ...event, detail: evil };
      return event;
    });
  const story = { change, breaks: { 2: { atMs: 2000, cause: 'rst', detail: evil } } } as const;
  const html = await htmlOf(story, story, true, evil);
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/script/g)).toHaveLength(2);
  expect(html).not.toMatch(/<img|\u001b|\u0007|\u202e/);
  expect(textOf(html)).toContain('alert(1)');
  expect(JSON.stringify(dataOf(html))).toContain('alert(1)');
});

test.each(Object.keys(stories))('the story "%s" makes a whole page', async (name) => {
  const html = await htmlOf(stories[name] ?? {});
  expect(html).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(html).not.toMatch(/undefined|NaN|Infinity|\[object/);
});

async function htmlOf(
  main: Story,
  control?: Story,
  withPlan = false,
  file = 'labs/01-l4-crash/scenario.yaml',
) {
  const runs = [main, ...(control === undefined ? [] : [{ role: 'control' as const, ...control }])];
  const [first, second] = await Promise.all(
    runs.map(async (story) => {
      const events = buildHistory(story);
      const plan = withPlan ? { plan: await threeTier() } : {};
      const details: RunDetails = { series: await seriesOf([events]), ...plan };
      return { judgement: await judge([events]), details };
    }),
  );
  if (first === undefined) throw new Error('there is always a main run');
  const result: ScenarioResult = judgeScenario({
    name: first.judgement.scenario,
    file,
    runDir: 'runs/20260101-120000-01-l4-crash',
    main: first.judgement,
    ...(second === undefined ? {} : { control: second.judgement }),
  });
  const details = { main: first.details, ...(second === undefined ? {} : { control: second.details }) };
  return reportHtml(result, details, page);
}

interface Data {
  readonly runs: readonly { readonly title: string; readonly marks: readonly unknown[] }[];
  readonly charts: readonly { readonly panels: readonly unknown[] }[];
}

const dataOf = (html: string): Data =>
  JSON.parse(/<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '') as Data;

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

/** What a reader sees. */
const textOf = (html: string): string =>
  html
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&[#\w]+;/g, (entity) => entities[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .replace(/ \./g, '.');
