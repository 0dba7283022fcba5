/** What ended or held up a flow, as far as others than its own socket can tell. */
import type { Flow } from './flow.ts';
import type { EntryEvent, FaultEvent, LogEvent, PacketsEvent, RouteEvent } from './history.ts';
import type { Attribution } from './types.ts';

/** What was put on record of one client's flow when it was in trouble. */
export interface Trace {
  entry?: EntryEvent;
  readonly routes: RouteEvent[];
  readonly log: LogEvent[];
  packets?: PacketsEvent;
}

type TraceEvent = EntryEvent | RouteEvent | LogEvent | PacketsEvent;

export const isTrace = (event: { readonly type: string }): event is TraceEvent =>
  ['entry', 'route', 'log', 'packets'].includes(event.type);

export function addTrace(traces: Map<string, Trace>, event: TraceEvent): void {
  const trace = traces.get(event.client) ?? { routes: [], log: [] };
  traces.set(event.client, trace);
  if (event.type === 'entry') trace.entry = event;
  else if (event.type === 'route') trace.routes.push(event);
  else if (event.type === 'log') trace.log.push(event);
  else trace.packets = event;
}

/**
 * @param at when the flow broke, or its late answer came
 * @param lastWellAt when its last answer before that came
 */
export function attribute(
  flow: Flow,
  { at, lastWellAt }: { readonly at: number; readonly lastWellAt: number },
  recording: {
    readonly faults: readonly FaultEvent[];
    readonly traces: ReadonlyMap<string, Trace>;
    readonly zero: number;
  },
): Attribution {
  const { faults, traces, zero } = recording;
  const trace = traces.get(flow.client);
  const fault = followed(faults, at, lastWellAt);
  const before = trace?.routes.findLast(({ t }) => t < lastWellAt) ?? trace?.routes.find(({ t }) => t < at);
  const after = trace?.routes.find(({ t }) => t >= at);
  const { entry, packets } = trace ?? {};
  return {
    follows: fault === undefined ? null : { name: fault.name, afterMs: at - fault.from },
    ...(before === undefined ? {} : { wayBefore: wholeWay(before.way, flow) }),
    ...(after === undefined ? {} : { wayAfter: after.way }),
    ...(entry === undefined
      ? {}
      : {
          entry: {
            l4: entry.l4,
            l7: entry.l7,
            state: entry.state ?? null,
            idleSeconds: entry.idleSeconds,
            seenMs: entry.t - zero,
          },
        }),
    ...(trace === undefined || trace.log.length === 0
      ? {}
      : { log: trace.log.map(({ node, line }) => ({ node, line })) }),
    ...(packets === undefined ? {} : { packets: packetsOf(packets) }),
  };
}

/** The routers' part ends at the L4 node, or at the L7 node where none stands before it. */
const wholeWay = (way: readonly string[], { l7, backend }: Flow): string[] =>
  way.at(-1) === l7 ? [...way, backend] : [...way, l7, backend];

const packetsOf = ({
  file,
  packets: count,
  nodes,
  ended,
}: PacketsEvent): NonNullable<Attribution['packets']> => ({
  file,
  count,
  nodes,
  ...(ended === undefined ? {} : { ended }),
});

/** The first that began after all was last well; if none did, the last before the trouble. */
function followed(faults: readonly FaultEvent[], at: number, lastWellAt: number): FaultEvent | undefined {
  const earlier = faults.filter(({ landed, from }) => landed && from <= at);
  return earlier.find(({ from }) => from >= lastWellAt) ?? earlier.at(-1);
}
