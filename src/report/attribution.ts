/** How each flow came to grief, in sentences. */
import type { Attribution, BrokenFlow, StalledFlow } from '../verdict/index.ts';
import { formatTime } from './story.ts';
import { plain } from './text.ts';

/** Empty where nobody but its own socket knows anything of it. */
export const attributionOfBroken = (flow: BrokenFlow): string[] => evidence(flow);

export const attributionOfStalled = (flow: StalledFlow): string[] => [
  `an answer took ${formatTime(flow.stalledMs)}`,
  ...evidence(flow),
];

function evidence({ follows, wayBefore, wayAfter, entry, log = [] }: Attribution): string[] {
  if (wayBefore === undefined && entry === undefined && log.length === 0) return [];
  return [
    ...(follows === null ? [] : [`${formatTime(follows.afterMs)} after ${follows.name}`]),
    ...(wayBefore === undefined ? [] : [`way before: ${wayBefore.join(' → ')}`]),
    ...(wayAfter === undefined ? [] : [`way after: ${wayAfter.join(' → ')}`]),
    ...(entry === undefined
      ? []
      : [
          `${entry.l4} last had it ${entry.state === null ? '' : `as ${entry.state} `}to ${entry.l7}, idle for ${entry.idleSeconds} s, seen at ${formatTime(entry.seenMs)}`,
        ]),
    ...log.map(({ node, line }) => `${node}: ${plain(line)}`),
  ];
}
