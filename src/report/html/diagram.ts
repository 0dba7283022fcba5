/** The tiers from the clients down to the backends, with the ways of the flows between them, as SVG. */
import type { Plan } from '../../topology/types.ts';
import type { Stage } from '../../verdict/index.ts';
import { layout, type Place } from './layout.ts';
import { html, type Markup } from './markup.ts';

const boxHeight = 34;

/**
 * One stage of the run. Between L4, L7 and backends a strand is as wide as its flows are many; above them nobody sees
 * which router a flow takes, so the lines say only that there is a way.
 */
export function diagram(stage: Stage, tiers: readonly (readonly string[])[], links: readonly Link[]): Markup {
  const { places, width, height } = layout(tiers, boxHeight);
  const measured = new Set(stage.ways.flatMap(({ from, to }) => (from === null ? [to] : [from, to])));
  const plainLinks = links.filter(({ from, to }) => !(measured.has(from) && measured.has(to)));
  const { kept, moved, broken } = stage.flows;
  const label = `${stage.title}: ${kept} flows as before, ${moved} moved, ${broken} broken`;
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
${plainLinks.map((link) => plainLink(link, places))}${strands(stage, places)}${[...places].map(
  ([name, place]) => box(name, place, carried(stage, name), stage.hit[name]),
)}</svg>`;
}

export interface Link {
  readonly from: string;
  readonly to: string;
}

/** Nodes by their distance from the clients; without a plan (an old run) only those that flows were seen on. */
export function tiersOf(plan: Plan | undefined, stages: readonly Stage[]): string[][] {
  if (plan !== undefined) {
    const numbers = [...new Set(plan.nodes.flatMap(({ tier }) => tier ?? []))].sort((a, b) => a - b);
    return numbers.map((n) => plan.nodes.filter(({ tier }) => tier === n).map(({ name }) => name));
  }
  const ways = stages.flatMap((stage) => stage.ways);
  const from = new Set(ways.flatMap((way) => way.from ?? []));
  const to = new Set(ways.map((way) => way.to));
  return [
    [...from].filter((node) => !to.has(node)),
    [...from].filter((node) => to.has(node)),
    [...to].filter((node) => !from.has(node)),
  ].map((tier) => tier.sort());
}

/** From each node to those of the next tier that share a network with it. */
export function linksOf(plan: Plan | undefined): Link[] {
  const nodes = plan?.nodes ?? [];
  return nodes.flatMap(({ name, tier, interfaces }) => {
    const networks = interfaces.map(({ network }) => network);
    return nodes
      .filter((other) => tier !== undefined && other.tier === tier + 1)
      .filter((other) => other.interfaces.some(({ network }) => networks.includes(network)))
      .map((other) => ({ from: name, to: other.name }));
  });
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
  const under = [...hit, ...(flows === undefined ? [] : [`${flows}`])].join(' · ');
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

/** All strands side by side: each node's, in the order of where they lead, centred below or above it. */
function strands({ ways, flows }: Stage, places: ReadonlyMap<string, Place>): Markup[] {
  const total = Math.max(1, flows.kept + flows.moved + flows.broken);
  const all = ways.flatMap((way) => {
    const a = way.from === null ? undefined : places.get(way.from);
    const b = places.get(way.to);
    if (a === undefined || b === undefined) return [];
    return [{ way, a, b, width: Math.max(1, (way.flows / total) * widest) }];
  });
  const leaving = offsets(
    all,
    ({ way }) => way.from ?? '',
    ({ b }) => b.x,
  );
  const arriving = offsets(
    all,
    ({ way }) => way.to,
    ({ a }) => a.x,
  );
  return all.map((strand) => {
    const { way, a, b, width } = strand;
    const d = curve(
      a.x + (leaving.get(strand) ?? 0),
      a.y + boxHeight,
      b.x + (arriving.get(strand) ?? 0),
      b.y,
    );
    const said = `${way.from} → ${way.to}: ${way.flows} ${way.fate}`;
    return html`<path class="strand ${way.fate}" stroke-width="${width.toFixed(1)}" d="${d}"><title>${said}</title></path>
`;
  });
}

/** Width of all flows together. */
const widest = 48;

/** Where each strand's middle is, from its node's middle. */
function offsets<Strand extends { readonly width: number }>(
  strands: readonly Strand[],
  nodeOf: (strand: Strand) => string,
  order: (strand: Strand) => number,
): Map<Strand, number> {
  const placed = new Map<Strand, number>();
  for (const node of new Set(strands.map(nodeOf))) {
    const sorted = strands.filter((strand) => nodeOf(strand) === node).sort((a, b) => order(a) - order(b));
    let at = -sorted.reduce((sum, { width }) => sum + width, 0) / 2;
    for (const strand of sorted) {
      placed.set(strand, at + strand.width / 2);
      at += strand.width;
    }
  }
  return placed;
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (y1 + y2) / 2;
  const n = (value: number): string => value.toFixed(1);
  return `M${n(x1)} ${n(y1)}C${n(x1)} ${n(middle)} ${n(x2)} ${n(middle)} ${n(x2)} ${n(y2)}`;
}
