/** The tiers from the clients down to the backends, with the ways of the flows between them, as SVG. */
import type { Stage } from '../../verdict/index.ts';
import type { Chain, Link } from './chain.ts';
import { boxHeight, layout, type Place } from './layout.ts';
import { html, type Markup } from './markup.ts';
import { curve, strands } from './strands.ts';

/**
 * One stage of the run. Between L4, L7 and backends a strand is as wide as its flows are many; above them nobody sees
 * which router a flow takes, so the lines say only that there is a way.
 */
export function diagram(stage: Stage, { tiers, links, flows }: Chain): Markup {
  const { places, width, height } = layout(tiers);
  const measured = new Set(stage.ways.flatMap(({ from, to }) => (from === null ? [to] : [from, to])));
  const plainLinks = links.filter(({ from, to }) => !(measured.has(from) && measured.has(to)));
  const { kept, moved, broken } = stage.flows;
  const label = `${stage.title}: ${kept} flows as before, ${moved} moved, ${broken} broken`;
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
${plainLinks.map((link) => plainLink(link, places))}${strands(stage, places, flows)}${[...places].map(
  ([name, place]) => box(name, place, carried(stage, name), stage.hit[name]),
)}</svg>`;
}

/** Flows that go through this node at the end of the stage; undefined: nobody sees any there. */
function carried({ ways }: Stage, node: string): number | undefined {
  const living = ways.filter(({ fate }) => fate !== 'broken');
  const isSeen = ways.some(({ from, to }) => from === node || to === node);
  const out = living.filter(({ from }) => from === node);
  const into = living.filter(({ to }) => to === node);
  if (!isSeen) return undefined;
  return (out.length > 0 ? out : into).reduce((sum, { flows }) => sum + flows, 0);
}

function box(
  name: string,
  { x, y, width }: Place,
  flows: number | undefined,
  fault: string | undefined,
): Markup {
  const left = x - width / 2;
  const hit = fault === undefined ? [] : [`✕ ${fault.split('.').at(-1)}`];
  const carries = flows === undefined || (flows === 0 && hit.length > 0) ? [] : [`${flows}`];
  const under = [...hit, ...carries].join(' · ');
  return html`<g class="${fault === undefined ? 'node' : 'node hit'}"><title>${name}${flows === undefined ? '' : `: ${flows} flows`}</title>
<rect x="${left}" y="${y}" width="${width}" height="${boxHeight}" rx="5"/>
<text x="${x}" y="${y + (under === '' ? 21 : 15)}">${name}</text>${
    under === '' ? undefined : html`<text class="count" x="${x}" y="${y + 28}">${under}</text>`
  }</g>
`;
}

function plainLink({ from, to }: Link, places: ReadonlyMap<string, Place>): Markup | undefined {
  const a = places.get(from);
  const b = places.get(to);
  if (a === undefined || b === undefined) return undefined;
  return html`<path class="link" d="${curve(a.x, a.y + boxHeight, b.x, b.y)}"/>
`;
}
