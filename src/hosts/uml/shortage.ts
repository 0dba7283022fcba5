import { setTimeout as delay } from 'node:timers/promises';
import type { Shortage } from '../contract.ts';

/** What a guest's kernel tells of its memory. Sizes in KiB; what it does not tell is NaN. */
export interface Memory {
  /** `MemTotal` and `MemAvailable` of /proc/meminfo. */
  readonly total: number;
  readonly available: number;
  /** What it had to read a second time: `workingset_refault_file` of /proc/vmstat (in pages), since Linux 5.9. */
  readonly reread: number;
  /** How many programs it has killed for memory: `oom_kill` of /proc/vmstat, since Linux 4.13. */
  readonly killed: number;
}

const pageKib = 4;

export function memoryOf(meminfo: string, vmstat: string): Memory {
  const number = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    total: number(meminfo, 'MemTotal'),
    available: number(meminfo, 'MemAvailable'),
    reread: number(vmstat, 'workingset_refault_file') * pageKib,
    killed: number(vmstat, 'oom_kill'),
  };
}

/** Share of the memory below which there is as good as none. */
const leastShare = 0.1;

/**
 * Whether a guest on which something has failed lacks memory: its kernel has killed for it, or next to nothing is left, or it
 * has read more of its programs a second time than it could keep: then it does little else.
 */
export function shortageOf({ total, available, reread, killed }: Memory): Shortage | undefined {
  if (killed > 0) return out(killedFor(killed));
  if (available < total * leastShare) return out(`${mib(available)} of ${mib(total)} MiB are left`);
  return reread > total ? out(rereadIn(reread, total)) : undefined;
}

/** A guest that has read its whole memory so often again goes on doing so: one that comes up has read next to nothing. */
const rereadAtMost = 2;

/** A guest that had so little left (KiB) when it last told, and has not answered for so long (ms), reads its programs again and again. */
const leastLeft = 32 * 1024;
const silentAtMost = 10_000;

/** What is known of a guest while something goes on there. */
export interface Seen {
  /** The last that it told. */
  readonly memory: Memory | undefined;
  /** How long it has owed an answer (ms). */
  readonly silentMs: number;
  /** What its console says of programs that were killed for memory, a line each. */
  readonly kills: readonly string[];
}

/** Whether what goes on cannot come to an end. It would be minutes until it fails by itself. */
export function hopelessness({ memory, silentMs, kills }: Seen): Shortage | undefined {
  const [first] = kills;
  if (first !== undefined) return out(`${killedFor(kills.length)}: ${first}`);
  if (memory === undefined) return undefined;
  const { total, available, reread } = memory;
  if (reread > total * rereadAtMost) return out(rereadIn(reread, total));
  if (silentMs <= silentAtMost || available >= leastLeft) return undefined;
  return out(
    `it had ${mib(available)} of ${mib(total)} MiB left and has not answered for ${silentAtMost / 1000} s`,
  );
}

export interface Watched {
  readonly memory: () => Promise<Memory>;
  /** Costs the guest nothing, which may be too busy to answer. */
  readonly kills: () => readonly string[];
}

/** @returns as soon as there is no hope left, or undefined once the signal aborts */
export async function watchMemory(guest: Watched, signal: AbortSignal): Promise<Shortage | undefined> {
  let memory: Memory | undefined;
  let askedAt: number | undefined;
  while (!signal.aborted) {
    if (askedAt === undefined) {
      askedAt = performance.now();
      const answered = (): void => {
        askedAt = undefined;
      };
      guest
        .memory()
        .then((told) => {
          memory = told;
        })
        .then(answered, answered);
    }
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    const silentMs = askedAt === undefined ? 0 : performance.now() - askedAt;
    const found = hopelessness({ memory, silentMs, kills: guest.kills() });
    if (found !== undefined && !signal.aborted) return found;
  }
  return undefined;
}

const lookEveryMs = 1000;

const out = (why: string): Shortage => ({
  what: `the guest is out of memory: ${why}`,
  hint: 'give it more with --memory',
});

const mib = (kib: number): number => Math.round(kib / 1024);

const killedFor = (count: number): string =>
  `${count} of its programs ${count === 1 ? 'was' : 'were'} killed for it`;

const rereadIn = (reread: number, total: number): string =>
  `it read ${mib(reread)} MiB of its programs again, which had no room in ${mib(total)} MiB`;
