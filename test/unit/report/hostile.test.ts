/** Names and evidence come from files and from the lab: no report may take them for more than text. */
import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { reportJunit, reportMarkdown, reportTerminal } from '../../../src/report/index.ts';
import { judge, judgeScenario, type ScenarioResult } from '../../../src/verdict/index.ts';
import { buildHistory } from '../verdict/build-history.ts';

const evil =
  '<script>alert(1)</script> | ![x](y) [a](b) `c` **d** ~~e~~ _f_ &lt; \u001b[31m\u0007\n# g\n::error::h ]]>';

test('in Markdown they make no tag, table cell, link, picture or heading', async () => {
  const markdown = reportMarkdown([await hostile()]);
  expect(markdown).toContain(
    '&lt;script>alert(1)&lt;/script> \\| !\\[x\\](y) \\[a\\](b) \\`c\\` \\*\\*d\\*\\* ',
  );
  expect(markdown).toContain('\\~\\~e\\~\\~ \\_f\\_ \\&lt;');
  // Between backticks nothing has a meaning.
  expect(markdown.replace(/`[^`\n]+`$/m, '')).not.toMatch(/<script|\u001b|\u0007|^# g|^::error/m);
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
  const widths = rows.map((row) => row.replaceAll('\\|', '').split('|').length - 2);
  expect([...new Set(widths)]).toEqual([3, 2, 7]);
});

test('Markdown of plain names has no needless backslash', async () => {
  const markdown = reportMarkdown([await resultOf()]);
  expect(markdown).toContain('requests.error_rate &lt; 0.1%');
  expect(markdown).not.toContain('\\');
});

test('in a terminal they cannot colour, ring or begin a line', async () => {
  const text = reportTerminal(await hostile(), { colour: new Chalk({ level: 0 }), width: 100 });
  expect(text).not.toMatch(/[\u0007\u001b]/);
  expect(text).not.toMatch(/^::error/m);
});

test('in JUnit they stay in their attributes', async () => {
  const xml = reportJunit([await hostile()]);
  expect(xml).not.toMatch(/<script|\u001b|\u0007/);
  expect(elementsOf(xml).map(({ name }) => name)).not.toContain('script');
});

test.each([[[]], [['hostile']]])(
  'JUnit has the shape of the usual schema, and counts that are right %j',
  async (how) => {
    const xml = reportJunit([how.length > 0 ? await hostile() : await resultOf(), await resultOf()]);
    const elements = elementsOf(xml);
    for (const { name, attributes, parent } of elements) {
      const rule = schema[name];
      expect({ name, parent }).toEqual({ name, parent: rule?.parent });
      const names = Object.keys(attributes);
      expect(names).toEqual(expect.arrayContaining([...(rule?.required ?? [])]));
      expect([...(rule?.required ?? []), ...(rule?.optional ?? [])]).toEqual(expect.arrayContaining(names));
    }
    const count = (wanted: string): number => elements.filter(({ name }) => name === wanted).length;
    const suites = elements.filter(({ name }) => name === 'testsuite');
    const total = (key: string): number =>
      suites.reduce((sum, { attributes }) => sum + Number(attributes[key]), 0);
    expect(['tests', 'failures', 'errors', 'skipped'].map(total)).toEqual(
      ['testcase', 'failure', 'error', 'skipped'].map(count),
    );
    expect(suites.map(({ attributes: { id } }) => id)).toEqual(['0', '1']);
    for (const { attributes } of suites)
      expect(attributes.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  },
);

/** What the schemas of Ant, Jenkins and Maven Surefire agree on. */
const schema: Readonly<
  Record<string, { parent: string | undefined; required: readonly string[]; optional?: readonly string[] }>
> = {
  testsuites: { parent: undefined, required: [] },
  testsuite: {
    parent: 'testsuites',
    required: ['name', 'tests', 'failures', 'errors', 'time', 'timestamp', 'hostname', 'id', 'package'],
    optional: ['skipped'],
  },
  'system-out': { parent: 'testsuite', required: [] },
  'system-err': { parent: 'testsuite', required: [] },
  properties: { parent: 'testsuite', required: [] },
  property: { parent: 'properties', required: ['name', 'value'] },
  testcase: { parent: 'testsuite', required: ['name', 'classname', 'time'] },
  failure: { parent: 'testcase', required: ['type', 'message'] },
  error: { parent: 'testcase', required: ['type', 'message'] },
  skipped: { parent: 'testcase', required: ['message'] },
};

interface Element {
  readonly name: string;
  readonly parent: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Reads the little of XML that the report uses; throws at anything else, so that it is well-formed if this returns. */
function elementsOf(xml: string): Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  const token = /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([\w-]+)((?: \w+="[^"<]*")*)(\/?)>|\s+/y;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const match = token.exec(xml);
    if (match === null) throw new Error(`not well-formed at: ${xml.slice(at, at + 80)}`);
    const [, closing, name, attributes = '', empty] = match;
    if (name === undefined) continue;
    if (closing === '/') {
      expect(open.pop()).toBe(name);
      continue;
    }
    const pairs = [...attributes.matchAll(/ (\w+)="([^"<]*)"/g)].map(([, key = '', value = '']) => [
      key,
      value,
    ]);
    expect(attributes.replace(/&(?:amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&');
    elements.push({ name, parent: open.at(-1), attributes: Object.fromEntries(pairs) });
    if (empty !== '/') open.push(name);
  }
  expect(open).toEqual([]);
  return elements;
}

async function hostile(): Promise<ScenarioResult> {
  const events = buildHistory({
    breaks: { 2: { atMs: 2000, cause: 'rst', detail: evil } },
    crash: { evidence: evil, targets: [evil, 'l4-1'] },
    change: (all) =>
      all.map((event) => (event.type === 'run' ? { ...event, scenario: evil, host: evil } : event)),
  });
  const main = await judge([events]);
  return judgeScenario({ name: evil, file: evil, runDir: evil, main });
}

async function resultOf(): Promise<ScenarioResult> {
  const main = await judge([buildHistory()]);
  return judgeScenario({ name: 'an L4 node crashes', file: 'scenario.yaml', runDir: 'runs/1', main });
}
