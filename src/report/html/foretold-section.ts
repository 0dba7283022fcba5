import type { Judgement, ScenarioResult } from '../../verdict/index.ts';
import { disagreementRows, oracleRows } from '../oracle.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

/** The oracle beside the measurement; nothing where it was not asked. */
export function foretoldSection({ main, control }: ScenarioResult): Markup | undefined {
  const ofMain = foretold(main);
  const ofControl = control === undefined ? undefined : foretold(control);
  if (ofMain === undefined && ofControl === undefined) return undefined;
  return html`<section><h2>Foretold</h2>
${ofMain}${ofControl === undefined ? undefined : html`<h3>Of the control</h3>${ofControl}`}
<p class="hint">Before the timeline began the routers were asked where they send each flow, now and with the next hops to come; the rest follows from the plan. Sets are compared, not numbers.</p></section>`;
}

/** Flow by flow no more than these. */
const mostRows = 500;

/** So many are shown without being asked for. */
const atOnce = 10;

function foretold(run: Judgement): Markup | undefined {
  const [head, ...rows] = oracleRows(run);
  if (head === undefined) return undefined;
  const [headOfFlows, ...flows] = disagreementRows(run, mostRows);
  if (headOfFlows === undefined) return html`${table(head, rows)}<p>Every flow was as foretold.</p>`;
  return html`${table(head, rows)}
<details${flows.length <= atOnce ? html` open` : ''}><summary>Those that were not (${flows.length})</summary>${table(headOfFlows, flows)}</details>`;
}
