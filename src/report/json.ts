import type {
  BrokenFlow,
  ExpectationJudgement,
  Judgement,
  MovedFlows,
  OracleComparison,
  ScenarioResult,
  StalledFlow,
  TimelineEntryJudgement,
  TrafficMetrics,
  Verdict,
} from '../verdict/index.ts';
import type { Failure } from './failure.ts';
import { type Spread, spreads } from './spread.ts';
import { worst } from './worst.ts';

/** What `tierlab test --format json` prints. Keys are only ever added. Durations in ms, ratios from 0 to 1. */
export interface JsonReport {
  readonly verdict: Verdict;
  readonly scenarios: readonly (JsonRun & {
    readonly name: string;
    readonly file: string;
    readonly control?: JsonRun & {
      /** Its topology, if that is not the run's. */
      readonly topology?: string;
      readonly set: Readonly<Record<string, unknown>>;
      /** Entries of the timeline that the control left out. */
      readonly skip?: readonly string[];
    };
    readonly host: string;
    readonly kernel: string;
    readonly versions: Readonly<Record<string, string>>;
    readonly seed: number;
    readonly runDir: string;
  })[];
  /** Scenarios that gave no verdict. Absent: none. */
  readonly failures?: readonly Failure[];
  /** What each scenario that ran more than once measured. Absent: none did. */
  readonly spreads?: readonly Spread[];
}

interface JsonRun {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly expectations: readonly Pick<
    ExpectationJudgement,
    'expression' | 'verdict' | 'actual' | 'reason'
  >[];
  readonly metrics: Readonly<Record<string, TrafficMetrics>>;
  /** By node: what it said of itself, gauges at the end and by how much counters grew. */
  readonly nodes: Readonly<Record<string, TrafficMetrics>>;
  readonly timeline: readonly TimelineEntryJudgement[];
  readonly movedFlows: readonly MovedFlows[];
  readonly brokenFlows: readonly BrokenFlow[];
  /** Absent: none. */
  readonly stalledFlows?: readonly StalledFlow[];
  /** What the oracle had said, where an expectation asked for it. */
  readonly oracle?: readonly OracleComparison[];
}

export function reportJson(
  results: readonly ScenarioResult[],
  failures: readonly Failure[] = [],
): JsonReport {
  const repeated = spreads(results);
  return {
    verdict: worst([...results.map(({ verdict }) => verdict), ...failures.map(() => 'unknown' as const)]),
    scenarios: results.map(({ name, file, verdict, reasons, main, control, runDir }) => ({
      name,
      file,
      ...runOf(main),
      // Of the scenario, not of its main run alone.
      verdict,
      reasons,
      ...(control === undefined ? {} : { control: { ...runOf(control), ...differencesOf(control) } }),
      host: main.host,
      kernel: main.kernel,
      versions: main.versions,
      seed: main.seed,
      runDir,
    })),
    ...(failures.length === 0 ? {} : { failures }),
    ...(repeated.length === 0 ? {} : { spreads: repeated }),
  };
}

function runOf({
  verdict,
  reasons,
  expectations,
  metrics,
  nodes,
  timeline,
  movedFlows,
  brokenFlows,
  oracle,
  stalledFlows,
}: Judgement): JsonRun {
  return {
    verdict,
    reasons,
    expectations: expectations.map(({ actualText: _, ...rest }) => rest),
    metrics,
    nodes,
    timeline,
    movedFlows,
    brokenFlows,
    ...(stalledFlows === undefined ? {} : { stalledFlows }),
    ...(oracle === undefined ? {} : { oracle }),
  };
}

const differencesOf = ({ topology, set, skip }: Judgement): Pick<Judgement, 'topology' | 'set' | 'skip'> => ({
  ...(topology === undefined ? {} : { topology }),
  set,
  ...(skip === undefined ? {} : { skip }),
});
