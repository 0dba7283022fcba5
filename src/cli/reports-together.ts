/** Several judged runs as one report. */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import {
  type Failure,
  reportJson,
  reportJunit,
  reportMarkdown,
  reportOverview,
  reportSummary,
  type ScenarioResult,
} from '../report/index.ts';
import type { Context } from './context.ts';
import { pageStyle, type ReporterName, writeReport } from './reports.ts';

/** On stdout, below the reports of each: what they come to; or the one document. */
export function printTogether(
  context: Context,
  results: readonly ScenarioResult[],
  failures: readonly Failure[],
  reporters: readonly ReporterName[] = ['terminal'],
): void {
  if (results.length + failures.length > 1 && reporters.includes('terminal')) {
    context.print(reportSummary(results, failures, { colour: context.colour, width: context.width }));
  }
  context.printJson(reportJson(results, failures));
}

/** @returns the path of the file in the folder, which is made if need be */
export async function writeTogether(
  output: string,
  results: readonly ScenarioResult[],
  failures: readonly Failure[],
  reporter: Exclude<ReporterName, 'terminal'>,
): Promise<string> {
  await makeFolder(output);
  const { name, text } = files[reporter];
  const path = join(output, name);
  await writeFile(path, await text(results, failures, output));
  return path;
}

type Text = (
  results: readonly ScenarioResult[],
  failures: readonly Failure[],
  output: string,
) => string | Promise<string>;

/** Named as those of one run are. */
const files: Readonly<
  Record<Exclude<ReporterName, 'terminal'>, { readonly name: string; readonly text: Text }>
> = {
  json: {
    name: 'verdict.json',
    text: (results, failures) => `${JSON.stringify(reportJson(results, failures), null, 2)}\n`,
  },
  junit: { name: 'junit.xml', text: reportJunit },
  markdown: { name: 'report.md', text: reportMarkdown },
  html: { name: 'report.html', text: overview },
};

/** Each run keeps a page of its own beside its history; this one leads to them. */
async function overview(
  results: readonly ScenarioResult[],
  failures: readonly Failure[],
  output: string,
): Promise<string> {
  const runs = [];
  for (const result of results) {
    const page = relative(output, await writeReport(result, 'html'));
    runs.push({ result, page: page.split('/').map(encodeURIComponent).join('/') });
  }
  return reportOverview(runs, failures, await pageStyle());
}
