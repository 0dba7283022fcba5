import { html, type Markup } from './markup.ts';

/** A table that scrolls sideways where it is too wide. */
export function table(head: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  return html`<div class="scroll"><table>
<thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${row.map((cell) => (isName(cell) ? html`<td class="name">${cell}</td>` : html`<td>${cell}</td>`))}</tr>
`,
  )}</tbody></table></div>`;
}

/** Names and figures stay on one line: a browser would break `l7-2` at its hyphen. */
const isName = (cell: string | Markup): boolean => typeof cell === 'string' && cell.length <= 12;
