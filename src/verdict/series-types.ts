/** What a run looked like over time, as data. */
import type { Stage } from './stages.ts';

/** All times in ms since the timeline's start; if it never began, since the run's. */
export interface Series {
  /** Version that recorded it. */
  readonly tierlab: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly bucketMs: number;
  /** When the first bucket begins: some seconds before the timeline. */
  readonly startMs: number;
  readonly buckets: number;
  readonly traffic: readonly (HeldSeries | HttpSeries)[];
  readonly stages: readonly Stage[];
}

export interface HeldSeries {
  readonly type: 'held-tcp';
  readonly name: string;
  /** Connections that stand at each bucket's end, by node. */
  readonly onL7: Readonly<Record<string, readonly number[]>>;
  readonly onL4: Readonly<Record<string, readonly number[]>>;
  /** Flows that have waited for an answer for more than `waitingMs`, and for more than `stalledMs`, at each bucket's end. */
  readonly waiting: readonly number[];
  readonly stalled: readonly number[];
  readonly stalledMs: number;
  readonly latency: LatencySeries;
}

export interface HttpSeries {
  readonly type: 'http';
  readonly name: string;
  /** A second. */
  readonly answered: readonly number[];
  readonly failed: readonly number[];
  readonly latency: LatencySeries;
}

/** ms, by the bucket in which the answer came; null: none came. */
export interface LatencySeries {
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}
