import type { ExpectationJudgement, Judgement, ScenarioResult } from '../verdict/index.ts';
import type { Failure } from './failure.ts';

/**
 * JUnit XML as CI servers read it: a suite a scenario, a case an expectation. One that does not hold is a failure in
 * the run and an error in the control, whose part is to prove that the run shows something. If a run cannot be
 * believed, that is a case of its own, an error, and its expectations are skipped. So is a lab that did not come up.
 * It satisfies the schema of Ant (github.com/windyroad/JUnit-Schema), which asks for much and knows no totals, and that of Jenkins
 * (junit-10.xsd of its xUnit plugin).
 */
export function reportJunit(results: readonly ScenarioResult[], failures: readonly Failure[] = []): string {
  const suites = [...results.map(suite), ...failures.map(suiteOfFailure)];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly outcome?: { readonly type: 'failure' | 'error' | 'skipped'; readonly message: string };
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly seconds: number;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly properties: Readonly<Record<string, string | number>>;
}

function suite({ name, file, main, control, runDir, verdict }: ScenarioResult): Suite {
  const { host, kernel, seed, startedAt } = main;
  return {
    name,
    cases: [
      ...casesOf(main, name, 'failure'),
      ...(control === undefined ? [] : casesOf(control, `${name} (control)`, 'error')),
    ],
    seconds: ((main.ranMs ?? 0) + (control?.ranMs ?? 0)) / 1000,
    startedAt,
    properties: { verdict, file, host, kernel, seed, runDir },
  };
}

function suiteOfFailure({ name, file, runDir, at, message, details, hint }: Failure): Suite {
  const outcome = {
    type: 'error',
    message: [message, ...details, ...(hint === undefined ? [] : [hint])].join('\n'),
  } as const;
  const cases = [{ classname: name, name: 'the lab comes up and stays up', outcome }];
  return { name, cases, seconds: 0, startedAt: at, properties: { file, runDir } };
}

function suiteLines({ name, cases, seconds, startedAt, properties }: Suite, id: number): string[] {
  const timestamp = new Date(startedAt).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  const known = `id="${id}" package="tierlab" hostname="localhost" timestamp="${timestamp}"`;
  return [
    `  <testsuite name="${attribute(name)}" ${known} ${countsOf(cases)} time="${seconds.toFixed(3)}">`,
    '    <properties>',
    ...Object.entries(properties).map(
      ([key, value]) => `      <property name="${key}" value="${attribute(String(value))}"/>`,
    ),
    '    </properties>',
    ...cases.flatMap(caseLines),
    '    <system-out/>',
    '    <system-err/>',
    '  </testsuite>',
  ];
}

function casesOf(
  { believable, reasons, expectations }: Judgement,
  classname: string,
  onFail: 'failure' | 'error',
): Case[] {
  if (believable)
    return expectations.map((one) => ({ classname, name: one.expression, ...outcomeOf(one, onFail) }));
  return [
    { classname, name: 'the run can be believed', outcome: { type: 'error', message: reasons.join('; ') } },
    ...expectations.map(({ expression, actualText }): Case => {
      const message = `the run cannot be believed (measured: ${actualText})`;
      return { classname, name: expression, outcome: { type: 'skipped', message } };
    }),
  ];
}

function outcomeOf(
  { verdict, actualText, reason }: ExpectationJudgement,
  onFail: 'failure' | 'error',
): Pick<Case, 'outcome'> {
  if (verdict === 'pass') return {};
  if (verdict === 'fail') return { outcome: { type: onFail, message: `actual: ${actualText}` } };
  return { outcome: { type: 'error', message: `cannot be judged: ${reason ?? actualText}` } };
}

function caseLines({ classname, name, outcome }: Case): string[] {
  // A case is judged at no cost; the time of the run is its suite's.
  const head = `    <testcase classname="${attribute(classname)}" name="${attribute(name)}" time="0"`;
  if (outcome === undefined) return [`${head}/>`];
  // The usual schema asks for a type of failures and errors, and knows none of what was skipped.
  const type = outcome.type === 'skipped' ? '' : ' type="expectation"';
  return [
    `${head}>`,
    `      <${outcome.type}${type} message="${attribute(outcome.message)}"/>`,
    '    </testcase>',
  ];
}

function countsOf(cases: readonly Case[]): string {
  const count = (type: string): number => cases.filter(({ outcome }) => outcome?.type === type).length;
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** For an attribute. Characters that XML 1.0 cannot hold (section 2.2) become question marks. */
function attribute(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '?')
    .replace(/[&<>"]/g, (character) => entities[character] ?? character)
    .replace(/[\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
