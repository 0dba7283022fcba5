import type { BrokenFlow, Judgement, ScenarioResult } from '../../verdict/index.ts';
import { brokenRows, restLine } from '../broken.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

/** Broken connections, by what they have in common and one by one. */
export function brokenSection({ main, control }: ScenarioResult): Markup {
  return html`<section><h2>Broken connections</h2>
${breakdown(main)}${control === undefined ? undefined : html`<h3>Of the control</h3>${breakdown(control)}`}</section>`;
}

/** One by one no more than these: the page is to stay small. The run's verdict.json has all. */
const mostRows = 500;

function breakdown({ brokenFlows }: Judgement): Markup {
  if (brokenFlows.length === 0) return html`<p>None.</p>`;
  const [head = [], ...rows] = brokenRows(brokenFlows, mostRows);
  const rest = restLine(brokenFlows, mostRows);
  return html`${table(['flows', 'L4 before → after', 'L7', 'exposed to', 'ended by'], groups(brokenFlows))}
<details><summary>One by one (${brokenFlows.length})</summary>${table(head, rows)}
${rest === undefined ? undefined : html`<p>${rest}; all are in verdict.json</p>`}</details>`;
}

function groups(flows: readonly BrokenFlow[]): string[][] {
  const counts = new Map<string, { cells: string[]; flows: number }>();
  for (const { l4Before, l4After, l7, exposedTo, cause } of flows) {
    const exposed = exposedTo.length === 0 ? 'nothing' : exposedTo.join(', ');
    const cells = [`${l4Before ?? '?'} → ${l4After ?? '–'}`, l7, exposed, cause];
    const group = counts.get(cells.join('\n')) ?? { cells, flows: 0 };
    counts.set(cells.join('\n'), group);
    group.flows += 1;
  }
  return [...counts.values()]
    .sort((a, b) => b.flows - a.flows)
    .map(({ cells, flows: count }) => [String(count), ...cells]);
}
