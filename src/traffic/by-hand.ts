/**
 * Traffic on a running lab that goes on until it is stopped, kept by a process of its own: what other processes know of it
 * is in the lab's folder.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../base/replace-file.ts';
import { isAlive, type LabPaths, type ProcessIdentity } from '../lab/index.ts';
import type { ScenarioTraffic } from '../scenario/types.ts';
import type { HistoryEvent } from '../verdict/history.ts';

/** What was asked for, and who does it. */
export interface TrafficByHand {
  readonly traffic: readonly ScenarioTraffic[];
  readonly seed: number;
  /** File of the history. */
  readonly history: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** The process that keeps it; absent until that has begun. */
  readonly keeper?: ProcessIdentity;
}

export async function readTraffic(lab: LabPaths): Promise<TrafficByHand | undefined> {
  const text = await readFile(stateFile(lab), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as TrafficByHand);
}

export async function writeTraffic(lab: LabPaths, traffic: TrafficByHand): Promise<void> {
  await replaceFile(stateFile(lab), `${JSON.stringify(traffic, null, 2)}\n`);
}

export const isKept = async ({ keeper }: TrafficByHand): Promise<boolean> =>
  keeper !== undefined && (await isAlive(keeper));

/** What happens to the lab belongs into the history of the traffic that is under way, if any is. */
export async function noteInHistory(lab: LabPaths, event: HistoryEvent): Promise<void> {
  const running = await readTraffic(lab);
  if (running === undefined || !(await isKept(running))) return;
  // The recorder appends too, and an append is one piece (open(2), O_APPEND).
  await appendFile(running.history, `${JSON.stringify(event)}\n`);
}

const stateFile = (lab: LabPaths): string => join(lab.directory, 'traffic.json');
