import { rmSync } from 'node:fs';
import { until } from '../../base/until.ts';
import type { HostLab } from '../contract.ts';
import { findTagged } from '../process-tag.ts';
import { guestFiles } from './files.ts';
import { isKeeper } from './keeper-process.ts';
import { factsOf, inSessions, isGuest, killGuest, send } from './processes.ts';
import { bootId, readRecord } from './record.ts';

/** Ends the lab's guest, dead or alive, and removes its files except the console's log. */
export async function destroyGuest({ id, directory }: HostLab): Promise<void> {
  const sessions = new Set<number>();
  const record = readRecord(directory);
  if (record?.pid !== undefined && record.boot === bootId() && !isStranger(record.pid))
    sessions.add(record.pid);
  await until(
    async () => {
      const left = await endOnce(id, sessions);
      return { ok: left.length === 0, saw: `still there: ${left.join(', ')}` };
    },
    {
      withinMs: 5000,
      everyMs: 20,
      why: `all processes of the guest of lab ${id} to be gone`,
      code: 'guest-not-ended',
    },
  );
  const files = guestFiles(directory);
  for (const path of [files.socket, files.record, `${files.record}.new`, files.uml]) {
    rmSync(path, { recursive: true, force: true });
  }
}

/** @returns the processes that it found, and sent SIGKILL to. `sessions` remembers the guests that it has seen. */
async function endOnce(id: string, sessions: Set<number>): Promise<number[]> {
  const tagged = (await findTagged(id)).map(({ pid }) => pid);
  const keepers = tagged.filter(isKeeper);
  // First the keeper: it must not report the end of a guest that is being taken from it.
  for (const pid of keepers) send(pid, 'SIGKILL');
  for (const pid of tagged) {
    const facts = factsOf(pid);
    if (facts !== undefined && isGuest(facts)) sessions.add(facts.session);
  }
  const guests = inSessions(sessions);
  killGuest(guests);
  return [...keepers, ...guests.map(({ pid }) => pid)];
}

/** The number was given to another process: that one leads a session without being a guest kernel. */
function isStranger(pid: number): boolean {
  const facts = factsOf(pid);
  return facts !== undefined && facts.session === pid && !isGuest(facts);
}
