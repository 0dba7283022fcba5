/** Who broke and who moved, flow by flow. */
import { attribute } from './attribution.ts';
import { brokenAt, type Flow, movesWithin } from './flow.ts';
import { broken, moved } from './held.ts';
import type { Views } from './measure.ts';
import type { Recording } from './recording.ts';
import type { BrokenFlow, MovedFlows, StalledFlow } from './types.ts';

/** In order of breaking. */
export function brokenFlows(recording: Recording, views: Views): BrokenFlow[] {
  const { held, faults, traces } = recording;
  const zero = zeroOf(recording);
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
        ...attribute(
          flow,
          { at: brokenAt(flow) ?? zero, lastWellAt: flow.lastAnswerAt },
          { faults, traces, zero },
        ),
      };
    });
  });
  return flows.sort((a, b) => a.brokenAt - b.brokenAt || a.flow - b.flow);
}

/** Those that waited long since steady state and were answered in the end, the longest first. */
export function stalledFlows(recording: Recording): StalledFlow[] {
  const { held, faults, traces } = recording;
  const zero = zeroOf(recording);
  const flows = [...held].flatMap(([traffic, tally]) =>
    tally.flows.flatMap((flow): StalledFlow[] => {
      const stall = flow?.stall;
      if (flow === undefined || stall === undefined || brokenAt(flow) !== undefined) return [];
      return [
        {
          traffic,
          flow: flow.flow,
          client: flow.client,
          l7: flow.l7,
          backend: flow.backend,
          answeredAt: stall.t - zero,
          stalledMs: stall.ms,
          ...attribute(flow, { at: stall.t, lastWellAt: stall.wellAt }, { faults, traces, zero }),
        },
      ];
    }),
  );
  return flows.sort((a, b) => b.stalledMs - a.stalledMs || a.flow - b.flow);
}

const zeroOf = ({ timelineAt, steadyAt }: Recording): number =>
  Number.isFinite(timelineAt) ? timelineAt : steadyAt;

/** How many flows went from where to where; one that went to and fro counts once for each way. */
export function movedFlows({ held, timelineAt }: Recording, views: Views): MovedFlows[] {
  return [...held.keys()].flatMap((traffic) => {
    const view = views.held(traffic);
    if (view === undefined) return [];
    const ways = new Map<string, { from: string; to: string; flows: Set<Flow>; times: number[] }>();
    for (const flow of moved(view)) {
      for (const { from = '', l4: to, t } of movesWithin(flow, view.start, view.end)) {
        const way = ways.get(`${from}\n${to}`) ?? { from, to, flows: new Set(), times: [] };
        ways.set(`${from}\n${to}`, way);
        way.flows.add(flow);
        way.times.push(t - timelineAt);
      }
    }
    const moves = [...ways.values()].map(({ from, to, flows, times }) => ({
      traffic,
      from,
      to,
      flows: flows.size,
      firstMs: times.reduce((a, b) => Math.min(a, b)),
      lastMs: times.reduce((a, b) => Math.max(a, b)),
    }));
    return moves.sort((a, b) => a.firstMs - b.firstMs);
  });
}
