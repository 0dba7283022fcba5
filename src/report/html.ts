/** The report to look at: one file that needs nothing else, for any browser, phone, dark screen or printer. */
import type { Plan } from '../topology/types.ts';
import type { ScenarioResult, Series } from '../verdict/index.ts';
import { brokenSection } from './html/broken-section.ts';
import { pageData } from './html/charts.ts';
import { environmentSection } from './html/environment.ts';
import { foretoldSection } from './html/foretold-section.ts';
import { html, jsonData } from './html/markup.ts';
import { htmlPage } from './html/page.ts';
import { pathsSection } from './html/paths.ts';
import { expectationsSection, figuresSection, headSection, timelineSection } from './html/sections.ts';
import { seenSection } from './html/seen.ts';

/** What a page needs besides the judgement. */
interface PageParts {
  /** Bundled script and style of the page, and the script's SHA-256 in base64: it alone may run. */
  readonly script: string;
  readonly scriptHash: string;
  readonly style: string;
}

export interface RunDetails {
  readonly series: Series;
  /** Absent: it was not saved. */
  readonly plan?: Plan;
}

/**
 * A whole HTML document. Its content security policy lets it load nothing and run only its own script, so neither
 * evidence nor names can do anything even if their escaping failed.
 */
export function reportHtml(
  result: ScenarioResult,
  details: { readonly main: RunDetails; readonly control?: RunDetails },
  page: PageParts,
): string {
  const { main, control } = result;
  const runs = [
    { judgement: main, ...details.main },
    ...(control === undefined || details.control === undefined
      ? []
      : [{ judgement: control, ...details.control }]),
  ];
  const data = pageData(runs);
  return htmlPage({
    title: `${result.verdict}: ${result.name}`,
    style: page.style,
    script: { text: page.script, hash: page.scriptHash, data: jsonData(data) },
    content: html`${headSection(result)}
${expectationsSection(result)}
${timelineSection(main, data)}
${pathsSection(runs)}
${figuresSection(result)}
${foretoldSection(result)}
${brokenSection(result)}
${seenSection(result)}
${environmentSection(result, runs)}`,
  });
}
