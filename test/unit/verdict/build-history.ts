/**
 * Builds small histories: 8 held connections through l4-1 (even flows) and l4-2 (odd ones), 5 requests a second; l4-1
 * crashes 1 s into the timeline and heals at 4 s; it ends after 6 s. Same story, same text: nothing is random.
 */
import type {
  Cause,
  FaultEvent,
  ForetoldFlows,
  HistoryEvent,
  NodeEvent,
  NodeSpec,
  PhaseEvent,
  PredictionEvent,
  RequestEvent,
} from '../../../src/verdict/history.ts';

export interface Story {
  readonly role?: 'main' | 'control';
  readonly expect?: readonly string[];
  readonly set?: Readonly<Record<string, unknown>>;
  /** Do the flows of l4-1 move to l4-2? Default yes. */
  readonly moves?: boolean;
  /** How each of these flows breaks: ms into the timeline, why, and how long it had waited. */
  readonly breaks?: Readonly<
    Record<number, { atMs: number; cause: Cause; waitingMs?: number; detail?: string }>
  >;
  /** Duration of the first heartbeat after the crash of the flows that move. Default 650 ms. */
  readonly stallMs?: number;
  /** Flows that get no more answers from here on, ms into the timeline, without being closed until the end. */
  readonly mute?: Readonly<Record<number, number>>;
  /** Flows that never open. */
  readonly unopened?: readonly number[];
  /** What is different about each request, by its number. */
  readonly requests?: (n: number) => Partial<RequestEvent> | undefined;
  /** Share of the requests that are sent. Default all. */
  readonly sent?: (n: number) => boolean;
  readonly crash?: Partial<FaultEvent>;
  readonly heal?: Partial<FaultEvent>;
  readonly lag?: { readonly atMs: number; readonly ms: number };
  readonly look?: { readonly atMs: number; readonly ms: number };
  /** What nodes say of themselves, ms into the timeline. */
  readonly says?: readonly {
    readonly atMs: number;
    readonly node: string;
    readonly values?: Record<string, number>;
  }[];
  /** What the oracle says before the timeline: which flows break and move, and anything else of its event. */
  readonly foretold?: Partial<Omit<PredictionEvent, 'broken' | 'moved'>> & {
    readonly broken?: Partial<ForetoldFlows>;
    readonly moved?: Partial<ForetoldFlows>;
  };
  /** Last word on the events, in order of recording. */
  readonly change?: (events: HistoryEvent[]) => HistoryEvent[];
}

export const flows = 8;
/** Times in ms since the epoch. */
export const runAt = 1_760_000_000_000;
export const steadyAt = runAt + 3000;
export const timelineAt = steadyAt + 10;
const crashAt = timelineAt + 1000;
const healAt = timelineAt + 4000;
const endAt = timelineAt + 6000;

export const protectedExpect = [
  'held.broken == 0',
  'held.moved > 0',
  'held.blackout.max < 2.5s',
  'requests.error_rate < 0.1%',
  'requests.latency.p99 < 500ms',
];

export function buildHistory(story: Story = {}): HistoryEvent[] {
  const recorded = [
    ...openings(story),
    ...sightings(story),
    ...beats(story),
    ...closings(story),
    ...requests(story),
  ];
  const timed: { at: number; event: HistoryEvent }[] = [
    ...recorded.map((event) => ({ at: event.t, event })),
    // A fault is recorded when it has landed.
    ...faults(story).map((event) => ({ at: event.to, event })),
    ...phases().map((event) => ({ at: event.t, event })),
    ...sayings(story).map((event) => ({ at: event.t, event })),
    ...predictions(story).map((event) => ({ at: event.t, event })),
    ...(['lag', 'look'] as const).flatMap((type) => {
      const said = story[type];
      if (said === undefined) return [];
      const t = timelineAt + said.atMs;
      return [{ at: t, event: { type, t, ms: said.ms } }];
    }),
  ];
  const events = [run(story), ...timed.sort((a, b) => a.at - b.at).map(({ event }) => event)];
  return story.change?.(events) ?? events;
}

export const toText = (events: readonly HistoryEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');

function run({ role = 'main', expect = protectedExpect, set, says }: Story): HistoryEvent {
  return {
    type: 'run',
    t: runAt,
    tierlab: '0.1.0',
    format: 1,
    scenario: 'an L4 node crashes',
    role,
    lab: '01-l4-crash',
    host: 'uml',
    kernel: '6.1.90',
    seed: 42,
    traffic: [
      {
        name: 'held',
        type: 'held-tcp',
        connections: flows,
        heartbeatMs: 1000,
        timeoutMs: 5000,
        uploadBytes: 64,
        downloadBytes: 64,
      },
      { name: 'requests', type: 'http', ratePerSecond: 5, timeoutMs: 2000 },
    ],
    expect,
    ...(says === undefined
      ? {}
      : {
          nodes,
          versions: { bird: 'BIRD version 2.0.12' },
          sysctls: { ipvs: { 'net/ipv4/vs/sloppy_tcp': '1' } },
        }),
    steadyForMs: 1000,
    durationMs: 6000,
    timeline: [
      { atMs: 1000, name: 'crash', what: 'node.crash l4-1' },
      { atMs: 4000, name: 'heal-crash', what: 'heal crash' },
    ],
    ...(set === undefined ? {} : { set }),
  };
}

/** One that cannot be asked says no values. */
function sayings({ says = [] }: Story): NodeEvent[] {
  return says.map(({ atMs, node, values }) => {
    const common = { type: 'node' as const, t: timelineAt + atMs, node };
    return values === undefined ? { ...common, values: {}, silent: true } : { ...common, values };
  });
}

const nodes: readonly NodeSpec[] = [
  ...['l4-1', 'l4-2'].map((name) => ({
    name,
    tier: 'l4',
    needs: ['l7-1', 'web-1'],
    measures: { servers_up: 'gauge', 'weight.<node>': 'gauge', packets: 'counter' } as const,
  })),
  {
    name: 'r-1',
    tier: 'r',
    needs: ['l4-1', 'l4-2', 'l7-1', 'web-1'],
    measures: { 'way.<node>': 'gauge', 'way4.<node>': 'gauge', 'way6.<node>': 'gauge' },
  },
  { name: 'l7-1', tier: 'l7', needs: ['web-1'], measures: {} },
];

const phases = (): PhaseEvent[] => [
  { type: 'phase', t: runAt + 100, phase: 'warm-up' },
  { type: 'phase', t: steadyAt, phase: 'steady' },
  { type: 'phase', t: timelineAt, phase: 'timeline' },
  { type: 'phase', t: endAt, phase: 'end' },
];

function predictions({ foretold }: Story): PredictionEvent[] {
  if (foretold === undefined) return [];
  const set = (flowsOf: Partial<ForetoldFlows> = {}): ForetoldFlows => {
    const { must = [], may = [], unsaid = [] } = flowsOf;
    const most = must.length + may.length + unsaid.length;
    return { must, may, unsaid, least: must.length, most, ...flowsOf };
  };
  const { broken, moved, ...rest } = foretold;
  const why = ['the routers send the flows of that L4 node elsewhere'];
  const fixed = { type: 'prediction' as const, t: steadyAt + 8, traffic: 'held', flows, why };
  return [{ ...fixed, ...rest, broken: set(broken), moved: set(moved) }];
}

const client = (flow: number): string => `203.0.113.${10 + flow}:${20_000 + flow}`;
const l4Of = (flow: number): string => `l4-${(flow % 2) + 1}`;
const l7Of = (flow: number): string => `l7-${(flow % 3) + 1}`;
const backendOf = (flow: number): string => `web-${((flow + 1) % 3) + 1}`;
const all = Array.from({ length: flows }, (_, flow) => flow);
const opened = ({ unopened = [] }: Story): number[] => all.filter((flow) => !unopened.includes(flow));
const onTarget = (flow: number): boolean => flow % 2 === 0;
const openedAt = (flow: number): number => runAt + 500 + flow * 20;

function openings(story: Story): HistoryEvent[] {
  return all.map((flow): HistoryEvent => {
    const common = { t: openedAt(flow), traffic: 'held', flow, client: client(flow) };
    if (story.unopened?.includes(flow))
      return { type: 'open-failed', ...common, cause: 'refused', detail: 'ECONNREFUSED' };
    const connection = `${l7Of(flow)}:${100 + flow}`;
    return { type: 'open', ...common, l7: l7Of(flow), backend: backendOf(flow), connection, connectMs: 3 };
  });
}

/** The path watch looks first when steady state begins; what moved it sees 700 ms after the crash. */
function sightings(story: Story): HistoryEvent[] {
  const sighting = { type: 'path' as const, service: 'web' };
  return opened(story).flatMap((flow): HistoryEvent[] => {
    const first = { ...sighting, t: steadyAt + 5, client: client(flow), l4: l4Of(flow), l7: l7Of(flow) };
    const moves = onTarget(flow) && story.moves !== false;
    return moves ? [first, { ...first, t: crashAt + 700, l4: 'l4-2', from: 'l4-1' }] : [first];
  });
}

function beats(story: Story): HistoryEvent[] {
  const { breaks = {}, mute = {}, stallMs = 650, moves = true } = story;
  return opened(story).flatMap((flow) => {
    const until = Math.min(
      endAt,
      timelineAt + (breaks[flow] === undefined ? 6000 : breaks[flow].atMs - (breaks[flow].waitingMs ?? 0)),
      timelineAt + (mute[flow] ?? 6000),
    );
    const events: HistoryEvent[] = [];
    for (let seq = 0; ; seq++) {
      const due = openedAt(flow) + 100 + seq * 1000;
      const firstAfterCrash = due >= crashAt && due < crashAt + 1000;
      const ms =
        firstAfterCrash && moves && onTarget(flow) ? stallMs + flow : 2 + ((flow * 7 + seq * 3) % 5) / 2;
      if (due + ms >= until) return events;
      events.push({ type: 'beat', t: due + ms, traffic: 'held', flow, seq, ms });
    }
  });
}

function closings(story: Story): HistoryEvent[] {
  const { breaks = {}, mute = {} } = story;
  return opened(story).map((flow): HistoryEvent => {
    const common = { type: 'close' as const, traffic: 'held', flow };
    const broken = breaks[flow];
    if (broken !== undefined) {
      const { atMs, cause, waitingMs = 0, detail } = broken;
      return {
        ...common,
        t: timelineAt + atMs,
        cause,
        waitingMs,
        ...(detail === undefined ? {} : { detail }),
      };
    }
    const muted = mute[flow];
    return { ...common, t: endAt + 20 + flow, waitingMs: muted === undefined ? 0 : 6000 - muted };
  });
}

function requests({ requests: change, sent = () => true }: Story): HistoryEvent[] {
  return Array.from({ length: 40 }, (_, n) => n)
    .filter(sent)
    .map((n) => {
      const intended = timelineAt - 1990 + n * 200;
      const ms = 4 + (n % 4) / 2;
      const event: RequestEvent = {
        type: 'request',
        t: 0,
        traffic: 'requests',
        intended,
        ms,
        status: 200,
        l7: l7Of(n),
        backend: backendOf(n),
      };
      const changed = { ...event, ...change?.(n) };
      return { ...changed, t: changed.intended + changed.ms };
    });
}

function faults({ crash, heal }: Story): FaultEvent[] {
  const common = { type: 'fault' as const, fault: 'node.crash', targets: ['l4-1'], landed: true };
  return [
    {
      ...common,
      t: crashAt + 2,
      name: 'crash',
      action: 'inject',
      evidence: '4 daemons gone, fabric without carrier',
      from: crashAt + 2,
      to: crashAt + 45,
      ...crash,
    },
    {
      ...common,
      t: healAt + 1,
      name: 'heal-crash',
      action: 'heal',
      evidence: 'ready after 900 ms',
      from: healAt + 1,
      to: healAt + 950,
      ...heal,
    },
  ];
}
