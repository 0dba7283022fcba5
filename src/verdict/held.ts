/** The metrics of held connections. */
import { brokenAt, type Flow, l4Before, movesWithin } from './flow.ts';
import type { Cause, FaultEvent, PredictionEvent, TrafficSpec } from './history.ts';
import { type Measured, type Metric, maxOverMean, percentile } from './metric.ts';

/** One held-tcp traffic in one window: [start, end). */
export interface HeldView {
  readonly spec: Extract<TrafficSpec, { type: 'held-tcp' }>;
  readonly flows: readonly Flow[];
  /** Start of steady state. */
  readonly steadyAt: number;
  readonly start: number;
  readonly end: number;
  /** Heartbeats answered in the window. */
  readonly beats: number;
  /** By flow number: its longest heartbeat in the window, ms; negative: none. */
  readonly longest: Float64Array;
  readonly faults: readonly FaultEvent[];
  /** The nodes of each tier. */
  readonly tiers: ReadonlyMap<string, readonly string[]>;
  /** Infinite: it never began. */
  readonly timelineAt: number;
  /** What the oracle had said. */
  readonly prediction?: PredictionEvent;
  /** Names of the faults that hit each flow's way, by flow. */
  exposed(flow: Flow): readonly string[];
  /** Is this node one that flows are seen to go through? */
  seen(node: string): boolean;
}

export const causes: readonly Cause[] = [
  'rst',
  'eof',
  'timeout',
  'wrong-l7',
  'wrong-backend',
  'corrupt',
  'refused',
  'status',
];

/** A heartbeat that takes longer makes a stalled flow. */
export const stallOf = ({ stallMs = 1000 }: HeldView['spec']): number => stallMs;

export const heldMetrics: readonly Metric<HeldView>[] = [
  {
    name: 'connections',
    unit: 'count',
    windowed: false,
    meaning: 'connections asked for',
    measure: ({ spec }) => spec.connections,
  },
  {
    name: 'established',
    unit: 'count',
    windowed: false,
    meaning: 'connections that stood when steady state began',
    measure: (view) => established(view).length,
  },
  {
    name: 'broken',
    unit: 'count',
    windowed: true,
    meaning: 'connections that ended otherwise than by plan',
    measure: (view) => broken(view).length,
  },
  {
    name: 'broken.<cause>',
    unit: 'count',
    windowed: true,
    meaning: `broken connections by cause (${causes.slice(0, 6).join(', ')}, …)`,
    measure: (view, cause) => broken(view).filter((flow) => flow.end?.cause === cause).length,
  },
  {
    name: 'survived',
    unit: 'count',
    windowed: true,
    meaning: 'established connections that did not break by the end of the window',
    measure: (view) =>
      established(view).filter((flow) => (brokenAt(flow) ?? Number.POSITIVE_INFINITY) >= view.end).length,
  },
  {
    name: 'moved',
    unit: 'count',
    windowed: true,
    meaning:
      'flows that were seen on another L4 node than before; not known where no L4 node is on their way',
    measure: (view) => unwatched(view) ?? moved(view).length,
  },
  {
    name: 'exposed',
    unit: 'count',
    windowed: true,
    meaning: 'flows whose way led through a target of a fault right before it landed',
    measure: (view) => {
      const faults = faultsWithin(view);
      const names = new Set(faults.map(({ name }) => name));
      return (
        blindSpot(view, faults) ??
        view.flows.filter((flow) => view.exposed(flow).some((name) => names.has(name))).length
      );
    },
  },
  {
    name: 'own_share',
    unit: 'count',
    windowed: true,
    meaning: 'broken connections that were exposed to a fault',
    measure: (view) => share(view, true),
  },
  {
    name: 'collateral',
    unit: 'count',
    windowed: true,
    meaning: 'broken connections that were exposed to no fault',
    measure: (view) => share(view, false),
  },
  {
    name: 'stalled',
    unit: 'count',
    windowed: true,
    meaning: "flows with a heartbeat that took longer than the traffic's `stall` (1 s if it says nothing)",
    measure: (view) => view.longest.reduce((count, ms) => (ms > stallOf(view.spec) ? count + 1 : count), 0),
  },
  blackout('p50', 'the median over all flows of the longest heartbeat of each', (all) => percentile(all, 50)),
  blackout('p99', 'the longest heartbeat that 99 % of the flows did not exceed', (all) =>
    percentile(all, 99),
  ),
  blackout('max', 'the longest heartbeat of all, unanswered ones at the end included', (all) => all.at(-1)),
  {
    name: 'beats',
    unit: 'count',
    windowed: true,
    meaning: 'heartbeats answered',
    measure: ({ beats }) => beats,
  },
  {
    name: 'on.<node>',
    unit: 'count',
    windowed: true,
    meaning: 'flows that were last seen on that L4, L7 or backend, broken ones too',
    measure: (view, node) => flowsOn(view, node),
  },
  {
    name: 'share.<tier>.max_over_mean',
    unit: 'number',
    windowed: true,
    meaning: 'how evenly a tier is used: the flows last seen on its busiest node over the mean of its nodes',
    measure: (view, tier) =>
      maxOverMean(
        (view.tiers.get(tier) ?? []).map((node) => flowsOn(view, node)),
        `no flow was ever seen on a node of ${tier}`,
      ),
  },
];

function flowsOn({ flows, end }: HeldView, node: string): number {
  return flows.filter((flow) => [l4Before(flow, end), flow.l7, flow.backend].includes(node)).length;
}

function established({ flows, steadyAt }: HeldView): Flow[] {
  return flows.filter(({ openedAt, end }) => openedAt <= steadyAt && (end === undefined || end.t > steadyAt));
}

/** The flows that broke within the window. */
export function broken({ flows, start, end }: Pick<HeldView, 'flows' | 'start' | 'end'>): Flow[] {
  return flows.filter((flow) => {
    const t = brokenAt(flow);
    return t !== undefined && t >= start && t < end;
  });
}

export function moved({ flows, start, end }: Pick<HeldView, 'flows' | 'start' | 'end'>): Flow[] {
  return flows.filter((flow) => movesWithin(flow, start, end).length > 0);
}

/** Why it is not known which flows moved, or undefined if it is. */
export function unwatched({ flows }: Pick<HeldView, 'flows'>): { readonly unmeasured: string } | undefined {
  return flows.some(({ steps }) => steps.length > 0)
    ? undefined
    : { unmeasured: 'no flow was ever seen on an L4 node, so none could be seen to move to another' };
}

function share(view: HeldView, own: boolean): Measured {
  const lost = broken(view);
  if (lost.length === 0) return 0;
  return blindSpot(view, view.faults) ?? lost.filter((flow) => view.exposed(flow).length > 0 === own).length;
}

function faultsWithin({ faults, start, end }: HeldView): FaultEvent[] {
  return faults.filter(({ action, from }) => action === 'inject' && from >= start && from < end);
}

/** Ways are seen at L4, L7 and backends: of a fault elsewhere (a router) nobody knows whom it hit. */
function blindSpot({ seen }: HeldView, faults: readonly FaultEvent[]): Measured | undefined {
  const blind = faults.find(({ action, targets }) => action === 'inject' && !targets.some(seen));
  if (blind === undefined) return undefined;
  return {
    unmeasured: `no flow was ever seen to go through ${blind.targets.join(', ')}, which ${blind.name} hit`,
  };
}

function blackout(
  name: string,
  meaning: string,
  pick: (ascending: readonly number[]) => number | undefined,
): Metric<HeldView> {
  return {
    name: `blackout.${name}`,
    unit: 'duration',
    windowed: true,
    meaning,
    measure: ({ longest }) =>
      pick([...longest.filter((ms) => ms >= 0)].sort((a, b) => a - b)) ?? {
        unmeasured: 'no heartbeat ended in this window',
      },
  };
}
