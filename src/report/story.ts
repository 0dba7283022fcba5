/** What happened when, in words. Shared by all reports that people read. */
import type { BrokenFlow, Judgement } from '../verdict/index.ts';
import { plain } from './text.ts';

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

const until = (firstMs: number, lastMs: number): string =>
  lastMs - firstMs < 100 ? '' : `, the last at ${formatTime(lastMs)}`;

const connections = (count: number, traffic: string): string =>
  `${count} ${traffic} connection${count === 1 ? '' : 's'}`;

/** A time on the timeline: always in seconds, so that times line up. */
export const formatTime = (ms: number): string => `${(ms / 1000).toFixed(2)}s`;
