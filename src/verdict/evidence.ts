/** Who broke and who moved, flow by flow. */
import { brokenAt, movesWithin } from './flow.ts';
import { broken, moved } from './held.ts';
import type { Views } from './measure.ts';
import type { Recording } from './recording.ts';
import type { BrokenFlow, MovedFlows } from './types.ts';

/** In order of breaking. */
export function brokenFlows({ held, timelineAt, steadyAt }: Recording, views: Views): BrokenFlow[] {
  const zero = Number.isFinite(timelineAt) ? timelineAt : steadyAt;
  const flows = [...held.keys()].flatMap((traffic) => {
    const view = views.held(traffic);
    if (view === undefined) return [];
    return broken(view).map((flow): BrokenFlow => {
      const [firstMove] = movesWithin(flow, view.start, view.end);
      return {
        traffic,
        flow: flow.flow,
        client: flow.client,
        l4Before: firstMove?.from ?? flow.steps.at(-1)?.l4 ?? null,
        l4After: firstMove === undefined ? null : (flow.steps.at(-1)?.l4 ?? null),
        l7: flow.l7,
        backend: flow.backend,
        connection: flow.connection,
        brokenAt: (brokenAt(flow) ?? zero) - zero,
        cause: flow.end?.cause ?? 'eof',
        detail: flow.end?.detail ?? null,
        exposedTo: view.exposed(flow),
      };
    });
  });
  return flows.sort((a, b) => a.brokenAt - b.brokenAt || a.flow - b.flow);
}

/** How many flows went from where to where; one that went to and fro counts once for each way. */
export function movedFlows({ held }: Recording, views: Views): MovedFlows[] {
  return [...held.keys()].flatMap((traffic) => {
    const view = views.held(traffic);
    if (view === undefined) return [];
    const counts = new Map<string, number>();
    for (const flow of moved(view)) {
      const ways = movesWithin(flow, view.start, view.end).map(({ from, l4 }) => `${from}\n${l4}`);
      for (const way of new Set(ways)) counts.set(way, (counts.get(way) ?? 0) + 1);
    }
    return [...counts].sort().map(([way, flows]) => {
      const [from = '', to = ''] = way.split('\n');
      return { traffic, from, to, flows };
    });
  });
}
