/** The broken connections, one by one. */
import type { BrokenFlow } from '../verdict/index.ts';
import { causesOf } from './story.ts';
import { plain } from './text.ts';

/** Rows of cells, the head first; at most `most` flows. `narrow`: without what the figures say as well. */
export function brokenRows(flows: readonly BrokenFlow[], most: number, narrow = false): string[][] {
  const exposed = (cell: string): string[] => (narrow ? [] : [cell]);
  return [
    ['at', 'client', 'L4 before → after', 'L7', 'backend', ...exposed('exposed to'), 'ended by'],
    ...flows
      .slice(0, most)
      .map(({ brokenAt, client, l4Before, l4After, l7, backend, exposedTo, cause, detail }) => [
        `${(brokenAt / 1000).toFixed(3)}s`,
        client,
        `${l4Before ?? '?'} → ${l4After ?? '–'}`,
        l7,
        backend,
        ...exposed(exposedTo.length === 0 ? 'nothing' : exposedTo.join(', ')),
        detail === null ? cause : `${cause}: ${plain(detail)}`,
      ]),
  ];
}

/** "and 206 more (206 rst)"; nothing if none is left. */
export function restLine(flows: readonly BrokenFlow[], shown: number): string | undefined {
  const rest = flows.slice(shown);
  return rest.length === 0 ? undefined : `and ${rest.length} more (${causesOf(rest)})`;
}
