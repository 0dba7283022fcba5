/** The ways of the flows: a picture for each stage, those of the run above those of the control. */
import type { Plan } from '../../topology/types.ts';
import type { Judgement, Series, Stage } from '../../verdict/index.ts';
import { formatTime } from '../story.ts';
import { chainOf } from './chain.ts';
import { diagram } from './diagram.ts';
import { layout } from './layout.ts';
import { html, type Markup } from './markup.ts';

export interface PathRun {
  readonly judgement: Judgement;
  readonly series: Series;
  readonly plan?: Plan;
}

export function pathsSection(runs: readonly PathRun[]): Markup | undefined {
  const shown = runs.filter(({ series }) => series.stages.some(({ ways }) => ways.length > 0));
  if (shown.length === 0) return undefined;
  return html`<section><h2>Ways of the held connections</h2>
<p class="legend"><span class="kept">as before</span><span class="moved">moved to another L4</span><span class="broken">broken, where it was last</span><span class="link">a way that nobody counts flows on</span></p>
${shown.map((run) => pictures(run, shown.length > 1))}</section>`;
}

function pictures({ judgement, series, plan }: PathRun, isTitled: boolean): Markup {
  const chain = chainOf(plan, series.stages);
  const title = judgement.role === 'main' ? 'Run' : 'Control';
  return html`${isTitled ? html`<h3>${title}</h3>` : undefined}
<div class="stages" style="--wide: ${String(layout(chain.tiers).width)}px">${series.stages.map(
    (stage) => html`<figure class="scroll"><figcaption><b>${stage.title}</b><br>${caption(stage)}</figcaption>
${diagram(stage, chain)}</figure>
`,
  )}</div>`;
}

function caption({ fromMs, toMs, flows: { kept, moved, broken } }: Stage): string {
  const counts = [
    `${kept + moved} alive`,
    ...(moved > 0 ? [`${moved} moved`] : []),
    ...(broken > 0 ? [`${broken} broke`] : []),
  ];
  return `${formatTime(fromMs)} to ${formatTime(toMs)}: ${counts.join(', ')}`;
}
