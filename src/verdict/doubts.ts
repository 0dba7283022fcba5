import { formatDuration } from '../base/units.ts';
import { silent, standing } from './held-tally.ts';
import { sentRate } from './http-tally.ts';
import type { Recording } from './recording.ts';

/**
 * Why this run's figures are not to be believed: one sentence each; empty: they are. The order is the one in which
 * a person should read them: what explains the others comes first.
 */
export function doubts(recording: Recording): string[] {
  return [
    ...damaged(recording),
    ...unfinished(recording),
    ...notSteady(recording),
    ...notLanded(recording),
    ...undershot(recording),
    ...tooSlow(recording),
    ...disturbed(recording),
    ...gaps(recording),
  ];
}

/** Half the shortest heartbeat, at most 500 ms: a later process could not have told a stall from its own. */
export function lagLimit({ run }: Recording): number {
  const heartbeats = run.traffic.map((spec) => (spec.type === 'held-tcp' ? spec.heartbeatMs / 2 : 500));
  return Math.min(500, ...heartbeats);
}

function damaged({ corrupt }: Recording): string[] {
  const torn = corrupt.filter((line) => line.torn);
  const lines = corrupt.filter((line) => !line.torn);
  const [first] = lines;
  const many = lines.length === 1 ? '1 line is no event' : `${lines.length} lines are no events`;
  return [
    ...torn.map(({ line }) => `the history is torn: its last line (${line}) ends in the middle`),
    ...(first === undefined
      ? []
      : [`the history is damaged: ${many}, the first is line ${first.line}: ${JSON.stringify(first.text)}`]),
  ];
}

function unfinished({ phases, ended, endAt, timelineAt, steadyAt, run }: Recording): string[] {
  const interrupted = phases.find(({ phase }) => phase === 'interrupted');
  const ranMs = endAt - timelineAt;
  const ran = ranMs > 0 ? ` ${formatDuration(ranMs)} after the timeline's start` : '';
  if (interrupted !== undefined)
    return [
      `the run was interrupted${ran}${interrupted.detail === 'interrupted' ? '' : detailOf(interrupted.detail)}`,
    ];
  if (!ended && phases.some(({ phase }) => phase === 'not-steady')) return [];
  if (!ended) return [`the history has no end: it stops${ran === '' ? ' before the timeline' : ran}`];
  if (!Number.isFinite(steadyAt)) return [];
  if (!Number.isFinite(ranMs)) return ['the timeline never began'];
  if (ranMs < run.durationMs * 0.95) {
    return [`the run ended after ${formatDuration(ranMs)} of ${formatDuration(run.durationMs)}`];
  }
  return [];
}

function notSteady({ phases, steadyAt }: Recording): string[] {
  if (Number.isFinite(steadyAt)) return [];
  const said = phases.find(({ phase }) => phase === 'not-steady');
  return [`steady state was never reached${detailOf(said?.detail)}`];
}

function notLanded({ faults, run, marks, steadyAt, timelineAt, endAt }: Recording): string[] {
  if (!Number.isFinite(steadyAt)) return [];
  return [
    ...faults
      .filter(({ landed }) => !landed)
      .map(({ name, fault, action, evidence }) => {
        const missed = ['drain', 'scale'].includes(fault) ? 'complete' : action === 'heal' ? 'heal' : 'land';
        return `${name} did not ${missed}${detailOf(evidence)}`;
      }),
    ...run.timeline
      .filter(({ name, atMs }) => !marks.has(name) && timelineAt + atMs <= endAt)
      .map(({ name }) => `${name} never happened`),
  ];
}

function undershot(recording: Recording): string[] {
  const { held, http, steadyAt, timelineAt, endAt } = recording;
  if (!Number.isFinite(steadyAt)) return [];
  const few = [...held.values()].flatMap((tally) => {
    const { name, connections } = tally.spec;
    const stood = standing(tally, steadyAt);
    const failed = tally.failedToOpen;
    const why = failed && `${failed.first.cause}${detailOf(failed.first.detail)}`;
    const could = why === undefined ? '' : ` (${failed?.count} could not be opened, the first: ${why})`;
    return stood < connections
      ? [`${name} had ${stood} of ${connections} connections when steady state began${could}`]
      : [];
  });
  const slow = [...http.values()].flatMap((tally) => {
    const { name, ratePerSecond } = tally.spec;
    const rate = sentRate(tally, endAt - timelineAt);
    if (rate === undefined || rate >= ratePerSecond * leastRate) return [];
    return [`${name} sent ${Number(rate.toFixed(1))} of ${ratePerSecond} requests a second`];
  });
  return [...few, ...slow];
}

/** Share of the asked rate that must have been sent. */
const leastRate = 0.95;

/**
 * The traffic process sleeps most of the time, so a system that is short of CPU lets it run at once while all others wait. Those
 * show in how long a look at the balancers' tables takes: with 500 flows on seven nodes 0.3 to 1.3 s where nothing is wrong.
 */
function tooSlow(recording: Recording): string[] {
  const { lagMs, lookMs } = recording;
  const limitMs = lagLimit(recording);
  const late = `the traffic process was ${formatDuration(lagMs)} late (more than ${formatDuration(limitMs)}): its figures are its own delay`;
  const slow = `a look at the balancers' tables took ${formatDuration(lookMs)} (more than ${formatDuration(longestLookMs)}): the lab had too little CPU for its figures to say anything`;
  return [...(lagMs > limitMs ? [late] : []), ...(lookMs > longestLookMs ? [slow] : [])];
}

const longestLookMs = 3000;

/**
 * A health check or BFD that found a node dead to which nothing had been done: the machine was too slow for them. What
 * such a node's flows went through then is not what the scenario is about.
 */
function disturbed({ nodes, faults, steadyAt, timelineAt, endAt }: Recording): string[] {
  const hitBy = (t: number): Set<string> =>
    new Set(faults.filter(({ from }) => from <= t).flatMap(({ targets }) => targets));
  const losses = [...nodes.values()].flatMap(({ spec, series }) =>
    [...series].flatMap(([measure, steps]) => {
      const [, what, family = '', other] = /^(weight|way)([46]?)\.(.+)$/.exec(measure) ?? [];
      if (what === undefined || other === undefined) return [];
      return steps.flatMap(({ t, value }, i) => {
        const lost = value === 0 && (steps[i - 1]?.value ?? 0) > 0 && t >= steadyAt && t <= endAt;
        const hit = lost ? hitBy(t) : new Set<string>();
        const involved = [spec.name, other, ...(nodes.get(other)?.spec.needs ?? [])];
        if (!lost || involved.some((name) => hit.has(name))) return [];
        const lack = what === 'way' ? 'its way over' : 'the server';
        return [{ t, node: spec.name, what: `${lack} ${other}`, family }];
      });
    }),
  );
  // What is lost in both families is lost once.
  const nameOf = ({ t, node, what }: (typeof losses)[number]): string => `${t} ${node} ${what}`;
  const whole = new Set(losses.filter(({ family }) => family === '').map(nameOf));
  const told = losses.filter((loss) => loss.family === '' || !whole.has(nameOf(loss)));
  const [first] = told.sort((a, b) => a.t - b.t);
  if (first === undefined) return [];
  const further = told.length === 1 ? '' : `, and ${count(told.length - 1, 'more such loss', 'es')}`;
  const by = first.family === '' ? '' : ` (IPv${first.family})`;
  return [
    `${first.node} lost ${first.what}${by} ${formatDuration(first.t - timelineAt)} into the timeline though nothing had been done to it${further}: the machine was too slow for health checks or BFD`,
  ];
}

function gaps({ held, endAt, overflowed }: Recording): string[] {
  const still = [...held.values()].flatMap((tally) => {
    const flows = silent(tally, endAt);
    return flows === 0
      ? []
      : [
          `${tally.spec.name} has neither an answer nor an end on record for ${count(flows, 'flow')} at the end`,
        ];
  });
  return overflowed ? [...still, 'a fault was recorded so late that windows could not be told apart'] : still;
}

function count(n: number, noun: string, plural = 's'): string {
  return `${n} ${noun}${n === 1 ? '' : plural}`;
}

function detailOf(detail: string | undefined): string {
  return detail === undefined || detail === '' ? '' : `: ${detail}`;
}
