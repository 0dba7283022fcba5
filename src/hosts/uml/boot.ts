import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WorldError } from '../../base/errors.ts';
import { type Host, type HostLab, type OpenOptions, usualMemoryMb } from '../contract.ts';
import { tagOf } from '../process-tag.ts';
import { findProgram, installCommand } from '../programs.ts';
import { confineFile, confineScript, confining, unconfined } from './confine.ts';
import { Connection, greeting } from './connection.ts';
import { chooseCpu } from './cpu.ts';
import { guestFiles } from './files.ts';
import { guestHost } from './guest-host.ts';
import { fstab, type GuestInit, initScript, isHiddenAtStart, isMountable } from './init.ts';
import type { KeeperOrder } from './keeper.ts';
import { memoryFolder } from './memory.ts';
import { consoleTail, guestDied, readRecord, tailOf } from './record.ts';
import { inTurn } from './turn.ts';

export interface BootOptions extends OpenOptions {
  /** Folder with keeper.js and agent.js. */
  readonly programs: string;
}

/** Starts a guest for the lab and connects. What it started when it fails is the caller's to destroy. */
export async function boot(options: BootOptions): Promise<Host> {
  const { lab, report, signal, neededMb = 0, memoryMb = Math.max(usualMemoryMb, neededMb) } = options;
  signal?.throwIfAborted();
  // Of those who choose a CPU at the same moment each sees the keeper that the one before has started.
  const { started } = await inTurn('tierlab-boots', 3000, () => {
    signal?.throwIfAborted();
    const order = prepare(options, memoryMb);
    const cpu = order.cpu === undefined ? '' : ` on CPU ${order.cpu}`;
    report({ type: 'step', message: `boot a user-mode-linux guest${cpu}` });
    const ready = startKeeper(join(options.programs, 'keeper.js'), order, lab, signal);
    ready.catch(() => undefined);
    return { started: ready };
  });
  await started;
  const connection = await Connection.open(lab.directory, () => guestDied(lab.directory)).catch(
    (error: unknown) => {
      throw readRecord(lab.directory)?.endedAt === undefined ? error : bootFailed(lab.directory, memoryMb);
    },
  );
  try {
    const { kernel } = await greeting(connection, signal);
    report({ type: 'detail', message: `guest kernel ${kernel} is up` });
    const loose = consoleTail(lab.directory, 50).find((line) => line.startsWith(unconfined));
    if (loose !== undefined) report({ type: 'detail', message: loose });
    return guestHost(lab, connection, kernel);
  } catch (error) {
    await connection.close(guestDied(lab.directory));
    throw signal?.aborted === true ? signal.reason : bootFailed(lab.directory, memoryMb, error);
  }
}

/** Writes what the guest starts from, and says how to start it. */
function prepare({ lab, programs }: BootOptions, memoryMb: number): KeeperOrder {
  const init: GuestInit = {
    directory: lab.directory,
    node: process.execPath,
    agent: join(programs, 'agent.js'),
  };
  checkPaths(init);
  checkOpenFiles();
  const linux = findProgram('linux.uml');
  if (linux === undefined) {
    throw new WorldError('cannot boot a guest: there is no program "linux.uml"', {
      code: 'host-unusable',
      exitCode: 3,
      hint: installCommand(['user-mode-linux']),
    });
  }
  const files = guestFiles(lab.directory);
  for (const path of [files.uml, files.record, files.socket, files.console])
    rmSync(path, { recursive: true, force: true });
  mkdirSync(files.uml, { mode: 0o700 });
  writeFileSync(files.fstab, fstab(init), { mode: 0o600 });
  writeFileSync(files.init, initScript(init), { mode: 0o700 });
  writeFileSync(confineFile(lab.directory), confineScript, { mode: 0o600 });

  const taskset = findProgram('taskset');
  const cpu = taskset === undefined ? undefined : chooseCpu(Number.parseInt(lab.id, 16) || 0);
  const pinned = taskset === undefined || cpu === undefined ? [] : [taskset, '-c', `${cpu}`];
  const devices = ['con=null', 'con0=fd:0,fd:1', 'ssl=null', 'ssl0=fd:3,fd:4'];
  const root = ['rootfstype=hostfs', 'ro', 'root=/dev/root', 'hostfs=/', `init="${files.init}"`];
  const own = [`mem=${memoryMb}M`, 'uml_dir=uml', 'umid=guest'];
  return {
    directory: lab.directory,
    argv: confining(lab.directory, findProgram('perl') ?? 'perl', [
      ...pinned,
      linux,
      ...own,
      ...root,
      ...devices,
      ...shortcuts,
    ]),
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      TMPDIR: memoryFolder(memoryMb, files.uml),
      ...tagOf(lab),
    },
    ...(cpu === undefined ? {} : { cpu }),
  };
}

/**
 * What Debian's guest kernel otherwise spends 1.2 s of its 1.3 s on (initcall_debug tells), none of it of use to a guest without
 * disks and swap: measuring its delay loop and every RAID 6 algorithm (lib/raid6/algos.c), preparing compressed
 * swap (mm/zswap.c), and making 256 BSD-style terminals (drivers/tty/pty.c).
 */
const shortcuts = [
  'quiet',
  'lpj=17000000',
  'initcall_blacklist=raid6_select_algo,init_zswap',
  'pty.legacy_count=0',
];

function checkPaths({ directory, node, agent }: GuestInit): void {
  const unusable = (path: string, hint: string): WorldError =>
    new WorldError(`a guest cannot use the folder "${path}"`, { code: 'host-unusable', exitCode: 3, hint });
  for (const path of [directory, node, agent]) {
    if (isMountable(path)) continue;
    throw unusable(
      path,
      'keep tierlab and its labs in folders without commas, quotes and backslashes in their names',
    );
  }
  if (isHiddenAtStart(directory)) throw unusable(directory, 'keep labs outside /dev, /proc and /sys');
}

/** Each file that is open in the guest is open here as well: 160 of them with the three-tier lab. */
const leastOpenFiles = 256;

/** proc(5): "Max open files", soft and hard limit. The guest inherits them. */
function checkOpenFiles(): void {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const allowed = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (allowed >= leastOpenFiles) return;
  throw new WorldError(`only ${allowed} files may be open at once: a guest needs ${leastOpenFiles}`, {
    code: 'too-many-files',
    exitCode: 3,
    hint: 'allow more with `ulimit -n 4096`',
  });
}

/** Resolves when the keeper listens. It is in a session of its own and holds nothing of ours. */
async function startKeeper(
  program: string,
  order: KeeperOrder,
  lab: HostLab,
  signal?: AbortSignal,
): Promise<void> {
  const { keeperErrors } = guestFiles(order.directory);
  const errors = openSync(keeperErrors, 'a', 0o600);
  const argv = [...keeperFlags, program, JSON.stringify(order)];
  const keeper = spawn(process.execPath, argv, {
    cwd: '/',
    detached: true,
    env: { PATH: order.env.PATH, ...tagOf(lab) },
    stdio: ['ignore', 'ignore', errors, 'pipe'],
  });
  closeSync(errors);
  const ready = keeper.stdio[3] as Readable;
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      keeper.once('error', reject);
      keeper.once('close', (code) => {
        const details = tailOf(keeperErrors, 15);
        const message = `the guest's keeper ended with exit code ${code} before it was ready`;
        reject(new WorldError(message, { code: 'guest-not-booted', exitCode: 4, details }));
      });
      ready.once('data', () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  } finally {
    ready.destroy();
    keeper.unref();
  }
}

const keeperFlags = ['--max-semi-space-size=1', '--v8-pool-size=0', '--max-old-space-size=64'];

/** With less a guest is up, if at all, only to run out of it: kernel and agent take 60, the smallest lab as much again. */
const leastMemoryMb = 96;

function bootFailed(directory: string, memoryMb: number, cause?: unknown): WorldError {
  const record = readRecord(directory);
  const why = record?.reason ?? (cause instanceof Error ? cause.message : 'its keeper is gone');
  const isShort = memoryMb < leastMemoryMb;
  const memory = isShort ? `; it may be out of memory: it has ${memoryMb} MiB` : '';
  return new WorldError(`the user-mode-linux guest did not come up: ${why}${memory}`, {
    code: 'guest-not-booted',
    exitCode: 4,
    hint: isShort
      ? 'give it more with --memory'
      : 'see the console lines; a sandbox that forbids ptrace, or a full /dev/shm, keeps guests from booting',
    details: consoleTail(directory, 15).map((line) => `console: ${line}`),
    cause,
  });
}
