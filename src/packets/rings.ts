/** Rings of packets of a lab that is up: one process on its Linux keeps what passes its switches. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WorldError } from '../base/errors.ts';
import { type LiveLab, netnsPath } from '../lab/index.ts';
import { readRing, type SwitchFrame } from './ring-file.ts';
import { blockBytes, ringScript } from './ring-script.ts';

export interface Rings {
  /** Writes out what came until now, and ends the process. If that ended before, `trouble` says why. */
  stop(): Promise<KeptRings>;
  /** Ends the process and deletes the rings. */
  remove(): Promise<void>;
}

export interface KeptRings {
  readonly rings: readonly Ring[];
  /** By how much the clock of the lab's Linux is ahead of ours. */
  readonly clockAheadMs: number;
  /** Why they end early. */
  readonly trouble?: string;
}

/** Of one network. */
interface Ring {
  readonly network: string;
  /** From the oldest one on. */
  readonly frames: AsyncIterable<readonly SwitchFrame[]>;
  /** What came first is gone. */
  readonly isCut: boolean;
  /** Packets that came when the process was late. */
  readonly missed: number;
}

/** On disk, all rings of a lab together. A network has its share of it, and always at least the latest half of that. */
const mostBytes = 256 * 2 ** 20;
/** The kernel's part of them, which cannot be swapped out: all together, and of one network at least and at most. */
const kernelBytes = { all: 64 * 2 ** 20, least: 2 ** 19, most: 2 ** 22 };

/** What the lab's Linux has not yet written to disk is written then. */
const stopWithinMs = 60_000;

/** @throws WorldError `capture-failed` */
export async function openRings(lab: LiveLab): Promise<Rings> {
  const folder = join(lab.paths.directory, 'packets');
  await mkdir(folder, { mode: 0o700 });
  const networks = lab.plan.networks.map(({ name }) => name);
  const places = networks.flatMap((name) => [name, netnsPath(lab.paths, name)]);
  const bytes = Math.floor(mostBytes / networks.length / 2);
  const { all: inAll, least, most } = kernelBytes;
  const blocks = Math.floor(Math.min(most, Math.max(least, inAll / networks.length)) / blockBytes);
  const child = lab.host.spawn(['perl', '-e', ringScript, folder, String(bytes), String(blocks), ...places]);
  let said = '';
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.startsWith('ready\n')) resolve();
    });
  });
  const ended = child.exited.then(
    ({ exitCode }) => exitCode,
    (error: Error) => {
      complaints += error.message;
      return 1;
    },
  );
  const late = (ms: number): Promise<'late'> => delay(ms, 'late' as const, { ref: false });
  const remove = async (): Promise<void> => {
    child.kill('SIGKILL');
    await Promise.race([ended, late(5000)]);
    await rm(folder, { recursive: true, force: true });
  };
  const how = await Promise.race([ready, ended, late(20_000)]);
  if (how !== undefined) {
    await remove();
    const details = complaints.trim().split('\n').slice(-4);
    throw new WorldError('no packets can be kept here', { code: 'capture-failed', exitCode: 4, details });
  }
  return {
    async stop() {
      const { offsetMs: clockAheadMs } = await lab.host.clockOffset();
      child.stdin.on('error', () => undefined).write('stop\n');
      const end = await Promise.race([ended, late(stopWithinMs)]);
      const rings = networks.map((network) => {
        const { missed, turns } = countsOf(network, said);
        const older = turns % 2;
        const files = [older, 1 - older].map((n) => join(folder, `${network}.${n}`));
        return { network, frames: framesIn(files), isCut: turns > 2, missed };
      });
      if (end === 0) return { rings, clockAheadMs };
      const how = end === 'late' ? `not written out within ${stopWithinMs / 1000} s` : `exit code ${end}`;
      return { rings, clockAheadMs, trouble: complaints.trim() || how };
    },
    remove,
  };
}

/** What the process said last: packets that found no room, and files that were begun. */
function countsOf(network: string, said: string): { missed: number; turns: number } {
  const line = said.split('\n').find((each) => each.startsWith(`${network} `));
  const [missed = 0, turns = 0] = (line ?? '').split(' ').slice(1).map(Number);
  return { missed, turns };
}

async function* framesIn(files: readonly string[]): AsyncGenerator<readonly SwitchFrame[]> {
  for (const file of files) yield* readRing(file);
}
