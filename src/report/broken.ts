/** The broken connections, one by one. */
import type { BrokenFlow } from '../verdict/index.ts';
import { causesOf } from './story.ts';
import { plain } from './text.ts';

/** Rows of cells, the head first; at most `most` flows. `narrow`: without what the figures say as well. */
export function brokenRows(flows: readonly BrokenFlow[], most: number, narrow = false): string[][] {
  const exposed = (cell: string): string[] => (narrow ? [] : [cell]);
  const l4 = l4Column(flows);
  return [
    ['at', 'client', ...l4.head, 'L7', 'backend', ...exposed('exposed to'), 'ended by'],
    ...flows
      .slice(0, most)
      .map((flow) => [
        `${(flow.brokenAt / 1000).toFixed(3)}s`,
        flow.client,
        ...l4.cell(flow),
        flow.l7,
        flow.backend,
        ...exposed(flow.exposedTo.length === 0 ? 'nothing' : flow.exposedTo.join(', ')),
        flow.detail === null ? flow.cause : `${flow.cause}: ${plain(flow.detail)}`,
      ]),
  ];
}

/** A lab without tier 2 has nothing to say there. */
export function l4Column(flows: readonly BrokenFlow[]): {
  readonly head: readonly string[];
  cell(flow: BrokenFlow): string[];
} {
  if (flows.every(({ l4Before, l4After }) => l4Before === null && l4After === null))
    return { head: [], cell: () => [] };
  return {
    head: ['L4 before → after'],
    cell: ({ l4Before, l4After }) => [`${l4Before ?? '?'} → ${l4After ?? '–'}`],
  };
}

/** "and 206 more (206 rst)"; nothing if none is left. */
export function restLine(flows: readonly BrokenFlow[], shown: number): string | undefined {
  const rest = flows.slice(shown);
  return rest.length === 0 ? undefined : `and ${rest.length} more (${causesOf(rest)})`;
}
