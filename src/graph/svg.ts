/** A picture of its own: columns of tiers, a bar for each network, a line from each node to its networks. */
import type { PlannedNode } from '../topology/types.ts';
import { labelOf, type Picture, type PicturedNetwork } from './picture.ts';

const box = { width: 132, gap: 16, line: 15 } as const;
const column = { width: 132, gap: 130 } as const;
const margin = { side: 16, top: 56 } as const;

export function svg(picture: Picture): string {
  const { title, services, tiers, networks } = picture;
  const heights = tiers.map((tier) => tier.reduce((sum, node) => sum + heightOf(node) + box.gap, -box.gap));
  const inner = Math.max(...heights, 80);
  const width = 2 * margin.side + tiers.length * column.width + gapsOf(picture) * column.gap;
  const height = margin.top + inner + 60;
  const boxes = placeBoxes(tiers, heights, inner);
  const bars = placeBars(networks);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
  svg { --ink: #1d2733; --dim: #5a6877; --box: #f4f7fb; --edge: #7c8ea3; --bar: #2f7fd1; background: #fff; font: 12px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) { svg { --ink: #e6edf4; --dim: #9fb0c1; --box: #1c2733; --edge: #5b7088; --bar: #58a6ff; background: #10161d } }
  text { fill: var(--ink) } .dim { fill: var(--dim) } .name { font-weight: 600 }
  .node { fill: var(--box); stroke: var(--edge) } .bar { fill: var(--bar) } .cable { fill: none; stroke: var(--bar); opacity: .45 }
</style>
<text class="name" x="${margin.side}" y="22" font-size="15">${escaped(title)}</text>
<text class="dim" x="${margin.side}" y="40">${escaped(services.join(' · '))}</text>
${networks.map((network) => cables(network, boxes, bars)).join('')}${networks
  .map((network) => bar(network, bars, inner))
  .join('')}${tiers
  .flat()
  .map((node) => nodeBox(node, boxes))
  .join('')}</svg>
`;
}

/** Columns of networks: one between two tiers, and one more where some network is behind the last. */
const gapsOf = ({ tiers, networks }: Picture): number =>
  Math.max(tiers.length - 1, ...networks.map(({ behind }) => Math.min(behind + 1, tiers.length)));

interface Place {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

function placeBoxes(
  tiers: readonly (readonly PlannedNode[])[],
  heights: readonly number[],
  inner: number,
): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [i, tier] of tiers.entries()) {
    let y = margin.top + (inner - (heights[i] ?? 0)) / 2;
    for (const node of tier) {
      const height = heightOf(node);
      places.set(node.name, { x: margin.side + i * (column.width + column.gap), y, height });
      y += height + box.gap;
    }
  }
  return places;
}

/** Networks behind the same tier stand side by side. */
function placeBars(networks: readonly PicturedNetwork[]): Map<string, number> {
  return new Map(
    networks.map((network) => {
      const same = networks.filter(({ behind }) => behind === network.behind);
      const share = (same.indexOf(network) + 1) / (same.length + 1);
      const left = margin.side + network.behind * (column.width + column.gap) + column.width;
      return [network.name, left + column.gap * share];
    }),
  );
}

/** Straight, but for nodes that stand in the way: a cable passes between them, and turns just before its own node. */
function cables(
  { name, members }: PicturedNetwork,
  boxes: ReadonlyMap<string, Place>,
  bars: ReadonlyMap<string, number>,
): string {
  const at = bars.get(name) ?? 0;
  const all = [...boxes.values()];
  return members
    .map(({ node }, i) => {
      const { x, y } = boxes.get(node) ?? { x: 0, y: 0 };
      const isRight = x > at;
      const from = isRight ? x : x + box.width;
      // Not all from the box's middle: a node with two cables to one side shows both.
      const start = y + 14 + (i % 2) * 4;
      const inTheWay = all.filter((other) =>
        isRight ? other.x > at && other.x < x : other.x < at && other.x > x,
      );
      const pass = clearOf(inTheWay, start);
      if (pass === start) return `<path class="cable" d="M${from} ${start}H${at}"/>\n`;
      const turn = isRight ? from - 12 - (i % 6) * 6 : from + 12 + (i % 6) * 6;
      return `<path class="cable" d="M${from} ${start}H${turn}V${pass}H${at}"/>\n`;
    })
    .join('');
}

/** The height nearest to the wanted one at which no box is. */
function clearOf(boxes: readonly Place[], wanted: number): number {
  const gaps = boxes.flatMap(({ y, height }) => [y - box.gap / 2, y + height + box.gap / 2]);
  const isClear = (at: number): boolean => boxes.every(({ y, height }) => at < y - 4 || at > y + height + 4);
  const nearest = [wanted, ...gaps].sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted)).find(isClear);
  return nearest ?? wanted;
}

function bar({ name, subnet }: PicturedNetwork, bars: ReadonlyMap<string, number>, inner: number): string {
  const x = bars.get(name) ?? 0;
  const bottom = margin.top + inner;
  return `<rect class="bar" x="${x - 2}" y="${margin.top}" width="4" height="${inner}" rx="2"/>
<text x="${x}" y="${bottom + 18}" text-anchor="middle" class="name">${escaped(name)}</text>
<text x="${x}" y="${bottom + 34}" text-anchor="middle" class="dim">${escaped(subnet)}</text>
`;
}

function nodeBox(node: PlannedNode, boxes: ReadonlyMap<string, Place>): string {
  const { x, y } = boxes.get(node.name) ?? { x: 0, y: 0 };
  const [name = '', ...rest] = labelOf(node);
  const lines = rest.map(
    (line, i) => `<text class="dim" x="${x + 10}" y="${y + 18 + box.line * (i + 1)}">${escaped(line)}</text>`,
  );
  return `<rect class="node" x="${x}" y="${y}" width="${box.width}" height="${heightOf(node)}" rx="6"/>
<text class="name" x="${x + 10}" y="${y + 18}">${escaped(name)}</text>
${lines.join('\n')}
`;
}

const heightOf = (node: PlannedNode): number => 12 + box.line * labelOf(node).length;

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
