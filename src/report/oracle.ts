/** What the oracle had said beside what was measured. */
import type { Judgement, OracleComparison } from '../verdict/index.ts';

/** Rows of cells, the head first: one for each metric of each traffic; empty if nothing was foretold. */
export function oracleRows({ oracle = [] }: Judgement): string[][] {
  if (oracle.length === 0) return [];
  return [
    ['', 'foretold', 'measured', 'disagree', 'cannot say'],
    ...oracle.map(
      ({ traffic, metric, predicted: { least, most }, measured, disagreements, beyond, unsaid }) => [
        `${traffic}.${metric}`,
        least === most ? String(least) : `${least} to ${most}`,
        String(measured),
        String(Math.max(disagreements.length, beyond)),
        String(unsaid),
      ],
    ),
  ];
}

/** Rows of cells, the head first: flow by flow, at most `most`; empty if all are as foretold. */
export function disagreementRows({ oracle = [] }: Judgement, most: number): string[][] {
  const all = oracle.flatMap((compared) =>
    compared.disagreements.map(({ flow, client, predicted, measured }) => [
      `${compared.traffic} ${flow}`,
      client ?? '–',
      said(compared, predicted),
      said(compared, measured),
    ]),
  );
  if (all.length === 0) return [];
  const rest = all.length - most;
  return [
    ['flow', 'client', 'foretold', 'measured'],
    ...all.slice(0, most),
    ...(rest > 0 ? [[`and ${rest} more`, '', '', '']] : []),
  ];
}

const said = ({ metric }: OracleComparison, yes: boolean): string => (yes ? metric : `not ${metric}`);
