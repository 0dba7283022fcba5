/** The run in words: one sentence, and what happened when. Shared by all reports that people read. */
import type { BrokenFlow, Judgement, ScenarioResult } from '../verdict/index.ts';
import { plain } from './text.ts';

/** "250 of 500 connections moved, none broke; with l4.sloppy_tcp: false 226 broke". */
export function sentence({ main, control }: ScenarioResult): string {
  if (!main.steady.reached) return 'nothing was shown: there was no steady state to break';
  const run = outcomes(main).join('; ');
  if (control === undefined) return run;
  if (!control.steady.reached) return `${run}; the control never reached its steady state`;
  // Where the control broke none either, what differs is how many had to move.
  const without = heldOf(control).map(({ moved, broken }) =>
    broken === 0 && moved ? `${moved} moved, none broke` : `${none(broken)} broke`,
  );
  return without.length === 0 ? run : `${run}; with ${protectionOff(control)} ${without.join(', ')}`;
}

function outcomes(run: Judgement): string[] {
  const held = heldOf(run).map(({ moved, broken, connections }) =>
    moved === null
      ? `${none(broken)} of ${connections} connections broke`
      : `${moved} of ${connections} connections moved, ${none(broken)} broke`,
  );
  if (held.length > 0) return held;
  return run.traffic.map(({ name }) => {
    const { requests, errors } = run.metrics[name] ?? {};
    return `${requests ?? 0} requests, ${none(errors ?? 0)} failed`;
  });
}

/** What the control switched off or left out: "topology three-tier", "l4.sloppy_tcp: false", "no drain-l4". */
export function protectionOff({ topology, set, skip = [] }: Judgement): string {
  const keys = Object.entries(set).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const other = topology === undefined ? [] : [`topology ${topology}`];
  const all = [...other, ...keys, ...skip.map((name) => `no ${name}`)];
  return all.length === 0 ? 'the protection off' : all.join(', ');
}

export interface Happening {
  /** ms since the timeline's start. */
  readonly atMs: number;
  readonly what: string;
  readonly text: string;
  /** bad: it must not be so; unsure: it makes the run unbelievable. */
  readonly tone: 'plain' | 'good' | 'bad' | 'unsure';
}

/** In order of time: steady state, faults, what moved, what broke, the end. */
export function happenings(run: Judgement): Happening[] {
  const { timeline, movedFlows, brokenFlows, steady, ranMs, ended, traffic } = run;
  const asked = traffic.map(({ name, asked: what }) => `${name}: ${what}`).join('; ');
  const list: Happening[] = [
    ...timeline.map(({ atMs, name, fault, action, targets, landed, evidence }): Happening => {
      const done = action === 'inject' ? fault : (undoing[fault] ?? 'healing');
      const what = [done, targets.join(', ')].filter((part) => part !== '').join(' ');
      const text = `${what}: ${landed ? '' : 'DID NOT LAND: '}${plain(evidence)}`;
      return { atMs, what: name, text, tone: landed ? 'plain' : 'unsure' };
    }),
    ...movedFlows.map(({ traffic: name, from, to, flows, firstMs, lastMs }): Happening => {
      const text = `${connections(flows, name)} from ${from} to ${to}${until(firstMs, lastMs)}`;
      return { atMs: firstMs, what: 'moved', text, tone: 'good' };
    }),
    ...brokenGroups(brokenFlows).map(({ traffic: name, cause, flows }): Happening => {
      const first = flows[0]?.brokenAt ?? 0;
      const text = `${connections(flows.length, name)} by ${cause}${until(first, flows.at(-1)?.brokenAt ?? first)}`;
      return { atMs: first, what: 'broken', text, tone: 'bad' };
    }),
  ];
  const start: Happening[] = steady.reached ? [{ atMs: 0, what: 'steady', text: asked, tone: 'plain' }] : [];
  const last = ended
    ? ({ what: 'end', tone: 'plain' } as const)
    : ({ what: 'cut off', tone: 'unsure' } as const);
  const end: Happening[] = ranMs === null ? [] : [{ atMs: ranMs, text: '', ...last }];
  return [...start, ...list.sort((a, b) => a.atMs - b.atMs), ...end];
}

/** What is said of the end of what is no fault. */
const undoing: Readonly<Record<string, string>> = { drain: 'undrain', rolling: 'rolling is over' };

/** "226 rst, 1 timeout" */
export function causesOf(flows: readonly BrokenFlow[]): string {
  return brokenGroups(flows)
    .map(({ cause, flows: group }) => `${group.length} ${cause}`)
    .join(', ');
}

function brokenGroups(
  flows: readonly BrokenFlow[],
): { traffic: string; cause: string; flows: BrokenFlow[] }[] {
  const groups = new Map<string, { traffic: string; cause: string; flows: BrokenFlow[] }>();
  for (const flow of flows) {
    const key = `${flow.traffic}\n${flow.cause}`;
    const group = groups.get(key) ?? { traffic: flow.traffic, cause: flow.cause, flows: [] };
    groups.set(key, group);
    group.flows.push(flow);
  }
  return [...groups.values()];
}

function heldOf({
  traffic,
  metrics,
}: Judgement): { connections: number; moved: number | null; broken: number }[] {
  return traffic
    .filter(({ type }) => type === 'held-tcp')
    .map(({ name }) => {
      const { connections, moved, broken } = metrics[name] ?? {};
      return { connections: connections ?? 0, moved: moved ?? null, broken: broken ?? 0 };
    });
}

const none = (count: number): string => (count === 0 ? 'none' : String(count));

const until = (firstMs: number, lastMs: number): string =>
  lastMs - firstMs < 100 ? '' : `, the last at ${formatTime(lastMs)}`;

const connections = (count: number, traffic: string): string =>
  `${count} ${traffic} connection${count === 1 ? '' : 's'}`;

/** A time on the timeline: always in seconds, so that times line up. */
export const formatTime = (ms: number): string => `${(ms / 1000).toFixed(2)}s`;
