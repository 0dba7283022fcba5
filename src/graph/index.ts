import type { Plan } from '../topology/types.ts';
import { d2 } from './d2.ts';
import { dot } from './dot.ts';
import { mermaid } from './mermaid.ts';
import { type Picture, pictureOf } from './picture.ts';
import { svg } from './svg.ts';

export const graphFormats = ['mermaid', 'dot', 'd2', 'svg'] as const;
export type GraphFormat = (typeof graphFormats)[number];

/** A topology as a picture: tiers from left to right, networks between them, addresses. Pure. */
export function drawGraph(plan: Plan, format: GraphFormat): string {
  return writers[format](pictureOf(plan));
}

const writers: Readonly<Record<GraphFormat, (picture: Picture) => string>> = { mermaid, dot, d2, svg };
