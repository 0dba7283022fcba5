import { doubts, lagLimit } from './doubts.ts';
import { evaluate } from './evaluate.ts';
import { brokenFlows, movedFlows, stalledFlows } from './evidence.ts';
import { compareWithOracle, foretoldMetrics } from './foretold.ts';
import { formatMeasured } from './format.ts';
import type { TrafficSpec } from './history.ts';
import { measure, measureNodes, type Views, viewsOf } from './measure.ts';
import { type MetricArguments, type MetricTraits, metricNames, metricsOf } from './metrics.ts';
import { type NodeTally, tiersOf } from './nodes.ts';
import type { EventSource } from './parse-history.ts';
import { type Recording, record } from './recording.ts';
import type {
  ExpectationJudgement,
  Judgement,
  TimelineEntryJudgement,
  TrafficMetrics,
  Verdict,
} from './types.ts';

/**
 * Judges one run by its history, in one pass over its events.
 * What makes a run unbelievable makes it unknown before any expectation counts; then fail beats unknown beats pass.
 * @throws HistoryError if the events are no history, or of a format that is not known
 */
export async function judge(events: EventSource): Promise<Judgement> {
  const recording = await record(events);
  const { run, phases, steadyAt, timelineAt, endAt } = recording;
  const views = viewsOf(recording);
  const stalled = stalledFlows(recording);
  const disbelief = doubts(recording);
  const expectations = recording.expecting.map((one) => evaluate(one, views, recording));
  const { verdict, reasons } = conclude(disbelief, expectations);
  const steady = phases.find(({ phase }) => phase === 'steady' || phase === 'not-steady');
  const reached = Number.isFinite(steadyAt);
  return {
    scenario: run.scenario,
    role: run.role,
    verdict,
    reasons,
    believable: disbelief.length === 0,
    expectations,
    metrics: Object.fromEntries(run.traffic.map((spec) => [spec.name, measureAll(spec, views, recording)])),
    nodes: Object.fromEntries(
      [...recording.nodes.values()].map((tally) => [tally.spec.name, figures(tally, recording)]),
    ),
    brokenFlows: brokenFlows(recording, views),
    ...(stalled.length === 0 ? {} : { stalledFlows: stalled }),
    movedFlows: movedFlows(recording, views),
    ...oracleOf(recording, views),
    timeline: timelineOf(recording),
    steady: { reached, afterMs: reached ? steadyAt - run.t : null, detail: steady?.detail ?? null },
    ranMs: Number.isFinite(timelineAt) ? endAt - timelineAt : null,
    startedAt: run.t,
    ended: recording.ended,
    lag: { maxMs: recording.lagMs, limitMs: lagLimit(recording) },
    traffic: run.traffic.map((spec) => ({ name: spec.name, type: spec.type, asked: askedOf(spec) })),
    ...(run.topology === undefined ? {} : { topology: run.topology }),
    set: run.set ?? {},
    ...(run.skip === undefined ? {} : { skip: run.skip }),
    lab: run.lab,
    host: run.host,
    kernel: run.kernel,
    versions: run.versions ?? {},
    sysctls: run.sysctls ?? {},
    seed: run.seed,
  };
}

function conclude(
  disbelief: readonly string[],
  expectations: readonly ExpectationJudgement[],
): { verdict: Verdict; reasons: string[] } {
  if (disbelief.length > 0) return { verdict: 'unknown', reasons: [...disbelief] };
  if (expectations.length === 0)
    return { verdict: 'unknown', reasons: ['nothing was expected, so nothing was shown'] };
  const failed = expectations.filter(({ verdict }) => verdict === 'fail');
  const unknown = expectations.filter(({ verdict }) => verdict === 'unknown');
  return {
    verdict: failed.length > 0 ? 'fail' : unknown.length > 0 ? 'unknown' : 'pass',
    reasons: [
      ...failed.map(({ expression, actualText }) => `${expression} does not hold: ${actualText}`),
      ...unknown.map(({ expression, reason }) => `${expression} cannot be judged: ${reason}`),
    ],
  };
}

/** All metrics of the whole run; those by cause or node where there was one. */
function measureAll(
  { name: traffic, type }: TrafficSpec,
  views: Views,
  recording: Recording,
): TrafficMetrics {
  const traits: readonly MetricTraits[] = metricsOf(type);
  const plain = new Set(traits.flatMap(({ name, needs }) => (needs === undefined ? [name] : [])));
  const figures = metricNames(type, argumentsOf(traffic, views, recording)).flatMap(
    (path): [string, number | null][] => {
      const { value } = measure({ type: 'metric', traffic, path, text: '', column: 1 }, views, recording);
      const figure = typeof value === 'number' ? value : null;
      return plain.has(path) || figure || (figure === 0 && isNeeding(path, traits)) ? [[path, figure]] : [];
    },
  );
  return Object.fromEntries(figures);
}

/** What a node said of itself: gauges at the end, counters from steady state to the end. */
function figures({ spec, series }: NodeTally, recording: Recording): TrafficMetrics {
  const operand = { type: 'metric', traffic: spec.name, text: '', column: 1 } as const;
  return Object.fromEntries(
    [...series.keys()].map((path) => {
      const value = measureNodes({ ...operand, path }, recording)?.value;
      return [path, typeof value === 'number' ? value : null];
    }),
  );
}

/** Of what only some runs have, a zero says something. */
const isNeeding = (path: string, traits: readonly MetricTraits[]): boolean =>
  traits.some(({ name, needs }) => name === path && needs !== undefined);

/** Only where it can be compared: an expectation says why it cannot. */
function oracleOf({ predictions }: Recording, views: Views): Pick<Judgement, 'oracle'> {
  const compared = [...predictions.keys()].flatMap((traffic) => {
    const view = views.held(traffic);
    return view === undefined ? [] : foretoldMetrics.map((metric) => compareWithOracle(view, metric));
  });
  const oracle = compared.filter((one) => 'disagreements' in one);
  return oracle.length === 0 ? {} : { oracle };
}

function argumentsOf(traffic: string, views: Views, { nodes }: Recording): MetricArguments {
  const ways = views
    .held(traffic)
    ?.flows.flatMap(({ l7, backend, steps }) => [...steps.map(({ l4 }) => l4), l7, backend]);
  return {
    node: [...new Set(ways ?? views.http(traffic)?.answeredBy.keys())].sort(),
    tier: [...tiersOf(nodes).keys()],
  };
}

function timelineOf({ faults, timelineAt }: Recording): TimelineEntryJudgement[] {
  return faults.map(({ from, name, fault, action, targets, landed, evidence }) => ({
    atMs: from - timelineAt,
    name,
    fault,
    action,
    targets,
    landed,
    evidence,
  }));
}

function askedOf(spec: TrafficSpec): string {
  if (spec.type === 'http') return `${formatMeasured(spec.ratePerSecond, 'rate')}`;
  return `${spec.connections} connections, a heartbeat every ${formatMeasured(spec.heartbeatMs, 'duration')}`;
}
