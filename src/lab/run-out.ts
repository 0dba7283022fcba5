/** Why a lab does not come up that is sound by itself: its disk, or its host, has run out of something. */
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
  if (!(error instanceof WorldError)) return error;
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
