/** Several runs on one page that needs nothing else: verdicts, expectations with their figures, and links to each run's own page. */
import type { ScenarioResult } from '../verdict/index.ts';
import type { Failure } from './failure.ts';
import { html, type Markup } from './html/markup.ts';
import { htmlPage } from './html/page.ts';
import { expectationsSection, headSection } from './html/sections.ts';
import { table } from './html/table.ts';
import { sentence } from './sentence.ts';
import { spreadRows, spreads, spreadTitle } from './spread.ts';
import { worst } from './worst.ts';

/** A run, and where its own page is, relative to the overview. */
interface OverviewRun {
  readonly result: ScenarioResult;
  readonly page: string;
}

/** A whole HTML document that loads and runs nothing. @param style of the page */
export function reportOverview(
  runs: readonly OverviewRun[],
  failures: readonly Failure[],
  style: string,
): string {
  const results = runs.map(({ result }) => result);
  const verdict = worst([...results.map((one) => one.verdict), ...failures.map(() => 'unknown' as const)]);
  return htmlPage({
    title: `${verdict}: ${results.length + failures.length} runs`,
    style,
    content: html`<header class="${verdict}"><p class="badges"><b class="badge ${verdict}">${verdict}</b></p>
<h1>${results.length + failures.length} runs</h1>
<p class="story">${countsOf(results, failures)}</p></header>
${overview(runs, failures)}
${spreads(results).map(
  (spread) =>
    html`<section><h2>${spreadTitle(spread)}</h2>${table(spreadRows(spread)[0] ?? [], spreadRows(spread).slice(1))}</section>`,
)}
${failures.map(failureSection)}
${results.map((result) => html`${headSection(result)}${expectationsSection(result)}`)}`,
  });
}

/** "12 pass, 1 unknown" */
function countsOf(results: readonly ScenarioResult[], failures: readonly Failure[]): string {
  const verdicts = results.map(({ verdict }) => verdict);
  const counts = (['pass', 'fail', 'unknown'] as const).map((verdict) => ({
    word: verdict as string,
    count: verdicts.filter((each) => each === verdict).length,
  }));
  return [...counts, { word: 'no verdict', count: failures.length }]
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`)
    .join(', ');
}

function overview(runs: readonly OverviewRun[], failures: readonly Failure[]): Markup {
  const rows = [
    ...failures.map(({ name, message }) => [html`<b class="badge unknown">no verdict</b>`, name, message]),
    ...runs.map(({ result, page }) => [
      html`<b class="badge ${result.verdict}">${result.verdict}</b>`,
      html`<a href="${page}">${result.name}</a>`,
      sentence(result),
    ]),
  ];
  return html`<section><h2>Scenarios</h2>${table(['verdict', 'scenario', ''], rows)}</section>`;
}

function failureSection({ name, message, details, hint, runDir }: Failure): Markup {
  return html`<header class="unknown"><h1>${name}</h1><p class="story">${message}</p>
${hint === undefined ? undefined : html`<p>${hint}</p>`}</header>
<section>${table(
    ['evidence'],
    details.map((line) => [line]),
  )}<p class="hint">saved in ${runDir}</p></section>`;
}
