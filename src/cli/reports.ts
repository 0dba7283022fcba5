/** Writing a judged run in the forms that were asked for: to stdout, and beside its history. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programsDirectory } from '../base/programs.ts';
import {
  type RunDetails,
  reportHtml,
  reportJson,
  reportJunit,
  reportMarkdown,
  reportTerminal,
} from '../report/index.ts';
import { historyFile } from '../run/index.ts';
import type { Plan } from '../topology/index.ts';
import { parseHistory, type ScenarioResult, seriesOf } from '../verdict/index.ts';
import type { Context } from './context.ts';

export type ReporterName = 'terminal' | keyof typeof files;

/** What each writes into the folder of the run, from the result. */
const files = {
  json: { name: 'verdict.json', text: verdictText },
  junit: { name: 'junit.xml', text: (result: ScenarioResult) => reportJunit([result]) },
  markdown: { name: 'report.md', text: (result: ScenarioResult) => reportMarkdown([result]) },
  html: { name: 'report.html', text: htmlText },
} as const;

/** Each report once, in the order asked for. Says where files are, in text format. */
export async function writeReports(
  context: Context,
  result: ScenarioResult,
  reporters: readonly ReporterName[] = ['terminal'],
): Promise<void> {
  for (const reporter of new Set(reporters)) {
    if (reporter === 'terminal') {
      context.print(reportTerminal(result, { colour: context.colour, width: context.width }));
      continue;
    }
    context.print(`${reporter} report: ${await writeReport(result, reporter)}`);
  }
}

/** @returns the path of the file */
export async function writeReport(result: ScenarioResult, reporter: keyof typeof files): Promise<string> {
  const { name, text } = files[reporter];
  const path = join(result.runDir, name);
  await writeFile(path, await text(result));
  return path;
}

/** The verdict is kept with every run, asked for or not. */
export async function saveVerdict(result: ScenarioResult): Promise<void> {
  await writeFile(join(result.runDir, files.json.name), verdictText(result));
}

function verdictText(result: ScenarioResult): string {
  return `${JSON.stringify(reportJson([result]), null, 2)}\n`;
}

async function htmlText(result: ScenarioResult): Promise<string> {
  const { runDir, control } = result;
  const folder = programsDirectory();
  const [script, style] = await Promise.all([readFile(join(folder, 'page.js'), 'utf8'), pageStyle()]);
  const scriptHash = createHash('sha256').update(script).digest('base64');
  const main = await detailsOf(runDir, 'main');
  const ofControl = control === undefined ? undefined : await detailsOf(runDir, 'control');
  const details = { main, ...(ofControl === undefined ? {} : { control: ofControl }) };
  return reportHtml(result, details, { script, scriptHash, style });
}

export const pageStyle = (): Promise<string> => readFile(join(programsDirectory(), 'page.css'), 'utf8');

async function detailsOf(runDir: string, role: 'main' | 'control'): Promise<RunDetails> {
  const series = await seriesOf(parseHistory(createReadStream(historyFile(runDir, role))));
  const plan = await readPlan(join(runDir, `${role}-plan.json`));
  return plan === undefined ? { series } : { series, plan };
}

/** Without it the report only lacks what it would say of the nodes. */
async function readPlan(file: string): Promise<Plan | undefined> {
  try {
    const plan = JSON.parse(await readFile(file, 'utf8')) as Plan;
    return Array.isArray(plan.nodes) ? plan : undefined;
  } catch {
    return undefined;
  }
}
