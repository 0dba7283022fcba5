/** Why a lab does not come up that is sound by itself: its disk, or its host, has run out of something. */
import { setMaxListeners } from 'node:events';
import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { WorldError } from '../base/errors.ts';
import { diskFull } from '../base/system-error.ts';
import type { Host, Shortage } from '../hosts/contract.ts';
import type { LabPaths } from './paths.ts';

/** The error, or in its place what ran out, with the error among its details. */
export async function withWhatRanOut(
  error: unknown,
  host: Host | undefined,
  lab: LabPaths,
): Promise<unknown> {
  return withFullDisk(await withShortage(error, host), lab);
}

/**
 * Does what may be too much for its host, as long as it is not: there it would take minutes to fail by itself.
 * @throws WorldError `out-of-memory` at once, with what was going on aborted
 */
export async function whileItLasts<T>(
  host: Host,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal])]);
  // Every wait of a lab listens to it.
  setMaxListeners(0, either);
  const worked = work(either);
  const short = host.untilShort?.(either);
  try {
    const shortage = await Promise.race([
      worked.then(() => undefined),
      ...(short === undefined ? [] : [short]),
    ]);
    if (shortage === undefined) return await worked;
    const { what, hint } = shortage;
    throw new WorldError(what, { code: exhausted, exitCode: 4, hint });
  } finally {
    over.abort();
    worked.catch(() => undefined);
  }
}

const exhausted = 'out-of-memory';

/** A daemon that can write no log ends, and cannot say why. */
async function withFullDisk(error: unknown, { directory }: LabPaths): Promise<unknown> {
  const disk = await statfs(directory).catch(() => undefined);
  const isFull = disk !== undefined && disk.bavail * disk.bsize < leastRoom;
  if (!isFull || !(error instanceof WorldError)) return error;
  return diskFull(directory, [`what failed: ${error.message}`, ...error.details], error);
}

/** Bytes below which a lab's disk counts as full. */
const leastRoom = 32 * 1024;

/** The error along with what its host has run out of, if that is known soon. */
async function withShortage(error: unknown, host: Host | undefined): Promise<unknown> {
  if (!(error instanceof WorldError) || error.code === exhausted) return error;
  const late = new AbortController();
  const asked = host?.shortage?.().catch(() => undefined);
  const shortage = await Promise.race([asked, delay(shortageMs, tooSlow, { signal: late.signal })]);
  late.abort();
  if (shortage === undefined) return error;
  const { message, code, exitCode, details, cause } = error;
  return new WorldError(shortage.what, {
    code,
    exitCode,
    hint: shortage.hint,
    details: [`what failed: ${message}`, ...details],
    cause,
  });
}

/** A guest that has no memory answers slowly. */
const shortageMs = 30_000;

const tooSlow: Shortage = {
  what: 'the host of the lab hardly answers any more',
  hint: 'it may lack memory (--memory), or this machine does too much else',
};
