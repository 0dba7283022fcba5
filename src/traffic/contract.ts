/** What the traffic program is told, and what it says beside the history. */
import type {
  BeatEvent,
  CloseEvent,
  LagEvent,
  OpenEvent,
  OpenFailedEvent,
  RequestEvent,
} from '../verdict/history.ts';

/**
 * Everything that one traffic process does, chosen beforehand from the seed. `node traffic.js JOB` reads it from that
 * file, `node traffic.js -` from the first line of standard input. Later lines are commands; the only one is `stop`,
 * and the end of standard input or SIGTERM means the same.
 */
export interface TrafficJob {
  /** The client node in whose namespace it runs. */
  readonly node: string;
  /** Held connections opened a second, all traffics together. */
  readonly rampPerSecond: number;
  /** It stops by itself after this long. */
  readonly limitMs: number;
  readonly held: readonly HeldJob[];
  readonly http: readonly HttpJob[];
}

interface Target {
  readonly address: string;
  readonly port: number;
  /** Name of the service, for the Host header. */
  readonly service: string;
}

export interface HeldJob {
  /** Name of the traffic. */
  readonly name: string;
  readonly target: Target;
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
  readonly uploadBytes: number;
  readonly downloadBytes: number;
  readonly seed: number;
  readonly flows: readonly HeldFlow[];
}

export interface HeldFlow {
  /** Number of the flow in its traffic, from 0. */
  readonly flow: number;
  readonly address: string;
  readonly port: number;
  /** Its heartbeats are due this long after the start, and every `heartbeatMs` from there. */
  readonly phaseMs: number;
}

export interface HttpJob {
  readonly name: string;
  readonly target: Target;
  readonly path: string;
  readonly ratePerSecond: number;
  /** The first request is due this long after the start. */
  readonly phaseMs: number;
  readonly timeoutMs: number;
  /** More are not sent; they wait, and their latency and timeout run from when they were due. */
  readonly maxOutstanding: number;
  /** The client's ends, one after the other in this order, of all its addresses and ports. */
  readonly sources: SourceWalk;
}

/**
 * A walk over all pairs of `addresses` addresses from `base` and `ports` ports from `firstPort`: the nth is number
 * (offset + n · stride) mod (addresses · ports). The stride has no divisor in common with that, so none comes twice
 * before all came once.
 */
export interface SourceWalk {
  /** The first of them. */
  readonly base: string;
  readonly addresses: number;
  readonly firstPort: number;
  readonly ports: number;
  readonly offset: number;
  readonly stride: number;
}

/** Lines on standard output that go into the history as they are. */
export type TrafficEvent = OpenEvent | BeatEvent | CloseEvent | OpenFailedEvent | RequestEvent | LagEvent;

/** The other lines there, for whoever runs the traffic; `t` in ms since the epoch. */
export type TrafficReport =
  /** Once a second while held connections are being opened. */
  | {
      readonly type: 'progress';
      readonly t: number;
      readonly open: number;
      readonly failed: number;
      readonly of: number;
    }
  /** Every held connection is open: it had its first answer. */
  | { readonly type: 'ready'; readonly t: number; readonly open: number }
  /** Instead: all were tried, some could not be opened. */
  | { readonly type: 'not-ready'; readonly t: number; readonly open: number; readonly failed: number }
  /** The last line. */
  | {
      readonly type: 'ended';
      readonly t: number;
      readonly reason: 'stop' | 'limit';
      /** Number of lines of each type of event, so that a lost line is noticed. */
      readonly events: Readonly<Record<TrafficEvent['type'], number>>;
      /** Processor time that the program took. */
      readonly cpuMs: number;
    };

export type TrafficLine = TrafficEvent | TrafficReport;
