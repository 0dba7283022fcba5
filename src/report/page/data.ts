/** What the report hands to the script in its page, as JSON. */
export interface PageData {
  /** Seconds that all plots show. */
  readonly range: readonly [number, number];
  readonly runs: readonly {
    readonly title: string;
    /** Of the first bucket, ms since the timeline's start. */
    readonly startMs: number;
    readonly bucketMs: number;
    readonly marks: readonly Mark[];
  }[];
  readonly charts: readonly ChartData[];
}

export interface ChartData {
  readonly title: string;
  readonly unit: 'count' | 'rate' | 'duration';
  readonly isStacked?: boolean;
  /** The space between these two lines is filled. */
  readonly band?: readonly [number, number];
  /** By run. */
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly lines: readonly Line[];
}

export interface Line {
  readonly label: string;
  /** By bucket. */
  readonly values: readonly (number | null)[];
  /** Name of a colour of the style sheet. */
  readonly colour: string;
  readonly style: 'line' | 'area' | 'points';
}

export interface Mark {
  readonly atMs: number;
  readonly name: string;
  readonly action: 'inject' | 'heal';
  /** Of a fault: when it was healed, or its run ended. */
  readonly untilMs?: number;
}
