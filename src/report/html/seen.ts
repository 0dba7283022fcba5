import type { ScenarioResult } from '../../verdict/index.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

/** What the nodes said of themselves, run beside control: gauges at the end, counters by how much they grew. */
export function seenSection({ main, control }: ScenarioResult): Markup | undefined {
  const rows = Object.entries(main.nodes).flatMap(([node, figures]) =>
    Object.entries(figures).map(([name, value]) => [
      node,
      name,
      figure(value),
      ...(control === undefined ? [] : [figure(control.nodes[node]?.[name])]),
    ]),
  );
  if (rows.length === 0) return undefined;
  const heads = ['node', 'measure', 'run', ...(control === undefined ? [] : ['control'])];
  return html`<section><h2>What the nodes saw</h2>
<details><summary>${rows.length} figures of ${Object.keys(main.nodes).length} nodes</summary>${table(heads, rows)}</details></section>`;
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : String(value);
