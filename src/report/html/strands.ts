/** The flows between nodes, as strands as wide as they are many. */
import type { Stage } from '../../verdict/index.ts';
import { boxHeight, type Place } from './layout.ts';
import { html, type Markup } from './markup.ts';

/** All strands side by side: each node's, in the order of where they lead, centred below or above it. */
export function strands({ ways }: Stage, places: ReadonlyMap<string, Place>, total: number): Markup[] {
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

export function curve(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (y1 + y2) / 2;
  const n = (value: number): string => value.toFixed(1);
  return `M${n(x1)} ${n(y1)}C${n(x1)} ${n(middle)} ${n(x2)} ${n(middle)} ${n(x2)} ${n(y2)}`;
}
