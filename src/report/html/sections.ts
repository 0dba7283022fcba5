/** The sections of the page that say what the other reports say too. */
import type { Judgement, ScenarioResult, Verdict } from '../../verdict/index.ts';
import { figureRows } from '../figures.ts';
import type { PageData } from '../page/data.ts';
import { protectionOff, sentence } from '../sentence.ts';
import { formatTime, happenings } from '../story.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

export function headSection(result: ScenarioResult): Markup {
  const { name, verdict, reasons, main, control } = result;
  const ofControl = control === undefined ? undefined : html`<span>control ${badge(control.verdict)}</span>`;
  return html`<header class="${verdict}">
<p class="badges">${badge(verdict)}<span>run ${badge(main.verdict)}</span>${ofControl}</p>
<h1>${name}</h1>
<p class="story">${sentence(result)}.</p>
${reasons.length === 0 ? undefined : html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
</header>`;
}

const badge = (verdict: Verdict): Markup => html`<b class="badge ${verdict}">${verdict}</b>`;

export function expectationsSection({ main, control }: ScenarioResult): Markup {
  const ofControl =
    control === undefined
      ? undefined
      : html`<div><h3>Of the control, with ${protectionOff(control)}</h3>
${expectations(control)}
<p class="hint">The same faults with the protection off. It must break as named here, or the run proves nothing.</p></div>`;
  return html`<section><h2>Expected</h2>
<div class="pair"><div>${control === undefined ? undefined : html`<h3>Of the run</h3>`}
${expectations(main)}</div>
${ofControl}</div></section>`;
}

function expectations({ expectations: all, believable }: Judgement): Markup {
  const doubt = believable
    ? undefined
    : html`<p class="doubt">Does not count: the run cannot be believed.</p>`;
  const rows = all.map(({ expression, verdict, actualText, reason }) => [
    html`<b class="mark ${verdict}">${marks[verdict]}</b> <code>${expression}</code>`,
    reason ?? actualText,
  ]);
  return html`${doubt}${table(['expectation', 'measured'], rows)}`;
}

const marks: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', unknown: '?' };

/** The plots are drawn by the page's script, each in its place. */
export function timelineSection(main: Judgement, data: PageData): Markup {
  const list = happenings(main).map(
    ({ atMs, what, text, tone }) =>
      html`<tr class="${tone}"><td class="number">${formatTime(atMs)}</td><td class="name">${what}</td><td>${text}</td></tr>`,
  );
  const charts = data.charts.map(
    ({ title, panels }, chart) =>
      html`<figure><figcaption>${title}</figcaption><div class="pair">${data.runs.map(
        (run, i) =>
          html`<div><p class="role">${data.runs.length > 1 ? run.title : ''}</p>${
            panels[i]?.lines.length === 0
              ? html`<p class="hint">There are none in this one.</p>`
              : html`<div class="plot" id="plot-${chart}-${i}"></div>`
          }</div>`,
      )}</div></figure>`,
  );
  return html`<section><h2>What happened</h2>
<div class="scroll"><table><tbody>${list}</tbody></table></div>
<p class="hint">Seconds since ${main.steady.reached ? 'steady state' : 'the start'}. Red bands: a fault, until it was healed. Drag to look closer, double-click to go back.</p>
<noscript><p class="doubt">The plots need JavaScript; everything else on this page does not.</p></noscript>
${charts}</section>`;
}

export function figuresSection(result: ScenarioResult): Markup {
  const [head = [], ...rows] = figureRows(result);
  const cells = rows.map(([first = '', ...rest]) => [
    html`<span class="${first.startsWith('    ') ? 'deep' : first.startsWith('  ') ? 'in' : 'group'}">${first}</span>`,
    ...rest,
  ]);
  return html`<section><h2>Figures</h2>${table(head, cells)}</section>`;
}
