import type { Attribution, BrokenFlow, Judgement, ScenarioResult } from '../../verdict/index.ts';
import { attributionOfBroken, attributionOfStalled, packetsKept, packetsOf } from '../attribution.ts';
import { brokenRows, l4Column, restLine } from '../broken.ts';
import { formatTime } from '../story.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

/** Broken connections, by what they have in common and one by one. */
export function brokenSection({ main, control }: ScenarioResult): Markup {
  return html`<section><h2>Broken connections</h2>
${breakdown(main)}${control === undefined ? undefined : html`<h3>Of the control</h3>${breakdown(control)}`}
${stalled(main)}</section>`;
}

/** One by one no more than these: the page is to stay small. The run's verdict.json has all. */
const mostRows = 500;

function breakdown({ brokenFlows }: Judgement): Markup {
  if (brokenFlows.length === 0) return html`<p>None.</p>`;
  const [head = [], ...rows] = brokenRows(brokenFlows, mostRows);
  const rest = restLine(brokenFlows, mostRows);
  const packets = packetsKept(brokenFlows);
  return html`${table(['flows', ...l4Column(brokenFlows).head, 'L7', 'exposed to', 'ended by'], groups(brokenFlows))}
<details><summary>One by one (${brokenFlows.length})</summary>${table(
    [...head, 'what is known of it'],
    rows.map((row, i) => {
      const flow = brokenFlows[i];
      return [...row, flow === undefined ? '' : known(attributionOfBroken(flow), flow)];
    }),
  )}
${rest === undefined ? undefined : html`<p>${rest}; all are in verdict.json</p>`}</details>
${packets === undefined ? undefined : html`<p class="hint">${packets}</p>`}`;
}

/** Those that were answered in the end. */
function stalled({ stalledFlows = [] }: Judgement): Markup | undefined {
  if (stalledFlows.length === 0) return undefined;
  const rows = stalledFlows
    .slice(0, mostRows)
    .map((flow) => [
      formatTime(flow.answeredAt),
      flow.client,
      flow.l7,
      flow.backend,
      known(attributionOfStalled(flow), flow),
    ]);
  return html`<h3>Stalled, and answered in the end</h3>
<details><summary>One by one (${stalledFlows.length})</summary>${table(['answered at', 'client', 'L7', 'backend', 'what is known of it'], rows)}</details>`;
}

/** The page stands in the folder of the run, and so do the packets. */
function known(lines: readonly string[], flow: Attribution): Markup {
  const kept = packetsOf(flow);
  const link =
    kept === undefined
      ? []
      : [html`<a href="${kept.file.split('/').map(encodeURIComponent).join('/')}">packets</a>: ${kept.seen}`];
  const all = [...lines.map((line) => html`${line}`), ...link];
  return html`${all.map((line, i) => html`${i === 0 ? '' : html`<br>`}${line}`)}`;
}

function groups(flows: readonly BrokenFlow[]): string[][] {
  const counts = new Map<string, { cells: string[]; flows: number }>();
  const l4 = l4Column(flows);
  for (const flow of flows) {
    const exposed = flow.exposedTo.length === 0 ? 'nothing' : flow.exposedTo.join(', ');
    const cells = [...l4.cell(flow), flow.l7, exposed, flow.cause];
    const group = counts.get(cells.join('\n')) ?? { cells, flows: 0 };
    counts.set(cells.join('\n'), group);
    group.flows += 1;
  }
  return [...counts.values()]
    .sort((a, b) => b.flows - a.flows)
    .map(({ cells, flows: count }) => [String(count), ...cells]);
}
