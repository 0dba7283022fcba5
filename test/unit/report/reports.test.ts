import { resolve } from 'node:path';
import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import {
  reportJson,
  reportJunit,
  reportMarkdown,
  reportTerminal,
  type ScenarioResult,
} from '../../../src/report/index.ts';
import { type Judgement, judge, judgeScenario, parseHistory } from '../../../src/verdict/index.ts';
import { buildHistory, toText } from '../verdict/build-history.ts';
import { stories } from '../verdict/stories.ts';

const golden = resolve(import.meta.dirname, '../../golden/reports');
const plain = { colour: new Chalk({ level: 0 }), width: 100 };

const pairs: Readonly<Record<string, { main: string; control?: string }>> = {
  pass: { main: 'clean', control: 'control-broke-as-named' },
  fail: { main: 'timeout', control: 'control-broke-as-named' },
  'control-broke-others': { main: 'clean', control: 'control-broke-others' },
  'not-landed': { main: 'fault-not-landed' },
  'never-steady': { main: 'never-steady' },
  interrupted: { main: 'interrupted' },
  'in-trouble': { main: 'in-trouble' },
  'in-trouble-without-tier-2': { main: 'in-trouble-without-tier-2' },
  'nothing-lost': { main: 'clean', control: 'clean' },
  oracle: { main: 'oracle-other-flows', control: 'oracle-agrees' },
};

describe.each(Object.entries(pairs))('of the scenario "%s"', (name, pair) => {
  test('the terminal report reads as it did when a person last looked at it', async () => {
    const text = reportTerminal(await resultOf(pair), plain);
    await expect(text).toMatchFileSnapshot(`${golden}/${name}.txt`);
  });

  test('the JUnit report is as recorded', async () => {
    await expect(reportJunit([await resultOf(pair)])).toMatchFileSnapshot(`${golden}/${name}.junit.xml`);
  });

  test('the Markdown report is as recorded', async () => {
    await expect(reportMarkdown([await resultOf(pair)])).toMatchFileSnapshot(`${golden}/${name}.md`);
  });
});

test('no line of the terminal report is longer than the terminal is wide', async () => {
  const result = await resultOf({ main: 'timeout', control: 'control-broke-others' });
  for (const width of [80, 100, 120]) {
    const lines = reportTerminal(result, { ...plain, width }).split('\n');
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  }
});

test('the terminal report without colours has no escape sequence, with colours it says the same', async () => {
  const result = await resultOf({ main: 'rst', control: 'control-broke-as-named' });
  const without = reportTerminal(result, plain);
  const coloured = reportTerminal(result, { ...plain, colour: new Chalk({ level: 1 }) });
  expect(without).not.toContain('\u001b');
  expect(coloured).toContain('\u001b[31m');
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(without);
});

test('evidence from the lab cannot move the cursor of the terminal', async () => {
  const result = await resultOf({ main: 'clean' });
  const timeline = result.main.timeline.map((entry) => ({
    ...entry,
    evidence: 'gone\u001b[2J\r\nbye\u0007',
  }));
  const text = reportTerminal({ ...result, main: { ...result.main, timeline } }, plain);
  expect(text).toContain('gone [2J bye');
  expect(text).not.toMatch(/[\u0007\r\u001b]/);
});

test('the terminal report shows 20 broken flows and counts the rest', async () => {
  const result = await resultOf({ main: 'rst' });
  const [flow] = result.main.brokenFlows;
  const brokenFlows = Array.from({ length: 226 }, () => flow).filter((one) => one !== undefined);
  const text = reportTerminal({ ...result, main: { ...result.main, brokenFlows } }, plain);
  expect(text.split('203.0.113.12:20002')).toHaveLength(21);
  expect(text).toContain('and 206 more (206 rst)');
});

test('the JSON report has the documented shape, and the worst verdict of all scenarios', async () => {
  const pass = await resultOf({ main: 'clean', control: 'control-broke-as-named' });
  const unknown = await resultOf({ main: 'torn' });
  const fail = await resultOf({ main: 'rst' });
  expect(reportJson([pass]).verdict).toBe('pass');
  expect(reportJson([pass, unknown]).verdict).toBe('unknown');
  expect(reportJson([pass, unknown, fail]).verdict).toBe('fail');
  expect(JSON.parse(JSON.stringify(reportJson([pass])))).toMatchObject({
    verdict: 'pass',
    scenarios: [
      {
        name: 'an L4 node crashes',
        verdict: 'pass',
        reasons: [],
        expectations: expect.arrayContaining([{ expression: 'held.moved > 0', verdict: 'pass', actual: 4 }]),
        metrics: { held: { connections: 8, broken: 0, moved: 4 }, requests: { error_rate: 0 } },
        control: {
          verdict: 'pass',
          metrics: { held: { broken: 4, moved: 0 } },
          set: { 'l4.sloppy_tcp': false },
        },
        host: 'uml',
        seed: 42,
        runDir: 'runs/20260101-120000-01-l4-crash',
      },
    ],
  });
});

test('the JUnit report escapes what XML gives a meaning and drops what it cannot hold', async () => {
  const result = await resultOf({ main: 'clean' });
  const xml = reportJunit([{ ...result, name: 'a < b & "c"\u0000 \ud800' }]);
  expect(xml).toContain('<testsuite name="a &lt; b &amp; &quot;c&quot;? ?"');
});

async function resultOf({ main, control }: { main: string; control?: string }): Promise<ScenarioResult> {
  return judgeScenario({
    name: 'an L4 node crashes',
    file: 'labs/01-l4-crash/scenario.yaml',
    runDir: 'runs/20260101-120000-01-l4-crash',
    main: await judgementOf(main),
    ...(control === undefined ? {} : { control: await judgementOf(control) }),
  });
}

function judgementOf(name: string): Promise<Judgement> {
  const story = stories[name];
  const text = toText(buildHistory(story));
  return judge(parseHistory([story?.damage?.(text) ?? text]));
}
