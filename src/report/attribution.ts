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

/** Where a flow's packets are, relative to the folder of the run, and what is to be seen there; if they were kept. */
export function packetsOf({ packets }: Attribution): { file: string; seen: string } | undefined {
  if (packets === undefined) return undefined;
  const { file, count, nodes, ended } = packets;
  const end = ended === undefined ? '' : `, ${ended.with} sent by ${ended.by}`;
  return { file, seen: `${count} packets at ${nodes.join(', ')}${end}` };
}

/** The same as one line; none if there are no packets. */
export function packetsLine(flow: Attribution): string[] {
  const kept = packetsOf(flow);
  return kept === undefined ? [] : [`${kept.file}: ${kept.seen}`];
}

/** Of how many flows there are packets; undefined: of none, or of all. */
export function packetsKept(flows: readonly Attribution[]): string | undefined {
  const kept = flows.filter(({ packets }) => packets !== undefined).length;
  if (kept === 0 || kept === flows.length) return undefined;
  return `packets are kept of ${kept} of these ${flows.length} (--pcap-flows all: of all)`;
}

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
