/** The connections that broke, and those that stalled, as a list with the stories of the first: for reports that are text. */
import type { Judgement } from '../verdict/index.ts';
import { attributionOfBroken, attributionOfStalled, packetsKept, packetsLine } from './attribution.ts';
import { brokenRows, restLine } from './broken.ts';
import { formatTime } from './story.ts';

export interface Troubled {
  readonly title: string;
  /** Of cells, the head first. */
  readonly rows: readonly (readonly string[])[];
  readonly remarks: readonly string[];
  readonly stories: readonly { readonly client: string; readonly lines: readonly string[] }[];
}

interface Most {
  /** Rows of the list. */
  readonly rows: number;
  readonly stories: number;
}

/** @param narrow leaves out what the figures say as well @returns none if nothing broke */
export function broken(
  title: string,
  { brokenFlows: flows }: Judgement,
  most: Most,
  narrow = false,
): Troubled[] {
  if (flows.length === 0) return [];
  return [
    {
      title,
      rows: brokenRows(flows, most.rows, narrow),
      remarks: present([restLine(flows, most.rows), packetsKept(flows)]),
      stories: storiesOf(flows, most, attributionOfBroken),
    },
  ];
}

/** Those that were answered in the end, the longest first. @returns none if nothing stalled */
export function stalled(title: string, { stalledFlows: flows = [] }: Judgement, most: Most): Troubled[] {
  if (flows.length === 0) return [];
  const shown = flows.slice(0, most.rows);
  const rest = flows.length > shown.length ? `and ${flows.length - shown.length} more` : undefined;
  return [
    {
      title,
      rows: [
        ['answered at', 'waited', 'client', 'L7', 'backend'],
        ...shown.map(({ answeredAt, stalledMs, client, l7, backend }) => [
          formatTime(answeredAt),
          formatTime(stalledMs),
          client,
          l7,
          backend,
        ]),
      ],
      remarks: present([rest, packetsKept(flows)]),
      // That it waited, the list says.
      stories: storiesOf(flows, most, (flow) => attributionOfStalled(flow).slice(1)),
    },
  ];
}

function storiesOf<
  Flow extends Judgement['brokenFlows'][number] | NonNullable<Judgement['stalledFlows']>[number],
>(flows: readonly Flow[], most: Most, known: (flow: Flow) => readonly string[]): Troubled['stories'] {
  return flows
    .slice(0, most.stories)
    .map((flow) => ({ client: flow.client, lines: [...known(flow), ...packetsLine(flow)] }))
    .filter(({ lines }) => lines.length > 0);
}

const present = (remarks: readonly (string | undefined)[]): string[] =>
  remarks.filter((remark) => remark !== undefined);
