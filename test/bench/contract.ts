/** What the bench is made of: measurements, which give rows of one table. */
import type { Defer } from '../../src/base/defer.ts';
import type { Report } from '../../src/base/progress.ts';

export const measurementNames = [
  'star',
  'mininet',
  'scale',
  'start',
  'up',
  'exec',
  'down',
  'memory',
  'large',
  'reference',
  'silence',
  'steady',
  'crash',
  'jobs',
  'claims',
  'held',
  'judge',
  'oracle',
  'page',
] as const;

export type MeasurementName = (typeof measurementNames)[number];

export type Unit = 'ms' | 'MB' | 'connections' | 'answers' | 'things';

/** What has to be reached; a row without a goal is there for information. */
export type Goal =
  | { readonly of: 'ratio'; readonly atMost: number }
  | { readonly of: 'measured'; readonly atMost?: number; readonly above?: number };

/** One line of the table. */
export interface Row {
  readonly measurement: MeasurementName;
  readonly what: string;
  readonly unit: Unit;
  /** The median, where there are several samples. */
  readonly measured: number;
  readonly reference?: { readonly what: string; readonly median: number };
  readonly goal?: Goal;
  /** Every single sample by what was measured, in the row's unit and in the order of time. */
  readonly samples?: Readonly<Record<string, readonly number[]>>;
  /** What else was seen: parts of the figure, evidence. */
  readonly details?: unknown;
  readonly note?: string;
}

export interface Skip {
  readonly measurement: MeasurementName;
  readonly skipped: string;
}

export interface Failure {
  readonly measurement: MeasurementName;
  readonly crashed: string;
}

export type Outcome = Row | Skip | Failure;

export interface Bench {
  /** The checkout. */
  readonly root: string;
  /** Folder of the built command line and of the programs that run inside labs. */
  readonly dist: string;
  /** A folder of this run alone; removed at the end. */
  readonly scratch: string;
  /** 6 hex characters that tell this run's things from all others'. */
  readonly id: string;
  readonly wanted: ReadonlySet<MeasurementName>;
  readonly repeats: number;
  readonly large: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Undone at the end, also after Ctrl-C. */
  readonly defer: Defer;
}

export interface Measurement {
  /** What it gives rows for. */
  readonly names: readonly MeasurementName[];
  /** It is skipped where no guest can be started. */
  readonly needsGuest?: boolean;
  /** Outcomes are handed out as they come, so that what was measured before a crash is not lost. */
  run(bench: Bench, found: (outcome: Outcome) => void): Promise<void>;
}
