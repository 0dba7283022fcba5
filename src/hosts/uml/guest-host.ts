import { now } from '../../base/clock.ts';
import { WorldError } from '../../base/errors.ts';
import { afterOwnTime } from '../../base/own-time.ts';
import type { Host, HostLab, HostProcess, HostSocket, SpawnOptions } from '../contract.ts';
import { programEnvironment } from '../environment.ts';
import { collect, startFailure } from '../execute.ts';
import { missingModules, moduleMissing } from '../modules.ts';
import { type Connection, type GuestStream, guestSilent } from './connection.ts';
import { channel, type Result } from './frames.ts';
import { modulesRoot, umlModules } from './guest-setup.ts';
import { killsOnConsole } from './record.ts';
import { type Memory, memoryOf, shortageOf, watchMemory } from './shortage.ts';
import { inlet, outlet } from './stream-ends.ts';

/** A guest as a host: every method is a stream over the connection. */
export function guestHost(lab: HostLab, connection: Connection, kernel: string): Host {
  const exec: Host['exec'] = (argv, options = {}) => {
    const program = spawnIn(connection, lab, argv, options, options.input !== undefined);
    return collect(argv, program, options);
  };
  const readFile = (path: string): Promise<string> => readIn(connection, path);
  const memory = async (): Promise<Memory> =>
    memoryOf(await readFile('/proc/meminfo'), await readFile('/proc/vmstat'));
  return {
    name: 'uml',
    exec,
    readFile,
    spawn: (argv, options = {}) => spawnIn(connection, lab, argv, options, true),
    dial: (path) => dialIn(connection, path),
    clockOffset: () => clockOffset(connection),
    loadModules: async (names) => {
      const missing = missingModules(names, await readFile('/proc/modules'), [`${umlModules}/${kernel}`]);
      if (missing.length === 0) return;
      const argv = ['modprobe', '-d', modulesRoot, '-a', ...missing];
      const { exitCode, stderr } = await exec(argv);
      if (exitCode !== 0) throw moduleMissing(missing, `the guest's kernel ${kernel}`, stderr);
    },
    shortage: async () => shortageOf(await memory()),
    untilShort: (signal) => watchMemory({ memory, kills: () => killsOnConsole(lab.directory) }, signal),
    disconnect: () =>
      connection.close(
        new WorldError('the connection to the guest was ended', { code: 'disconnected', exitCode: 4 }),
      ),
  };
}

function spawnIn(
  connection: Connection,
  lab: HostLab,
  argv: readonly string[],
  { env, terminal }: SpawnOptions,
  stdin: boolean,
): HostProcess {
  const stdout = inlet(() => stream, channel.down);
  const stderr = inlet(() => stream, channel.error);
  const input = outlet(() => stream);
  let resolve: (result: Result) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const exited = new Promise<Result>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  }).then(({ exit, error }) => {
    if (exit === undefined) throw startFailure(argv, error ?? { message: 'the guest gave no reason' });
    return exit;
  });
  exited.catch(() => {});
  const stream: GuestStream = connection.open(
    {
      op: 'spawn',
      argv,
      env: programEnvironment(lab, env),
      stdin,
      ...(terminal === undefined ? {} : { terminal }),
    },
    {
      onData: (on, payload) => (on === channel.error ? stderr : stdout).push(payload),
      onEnd: (on) => (on === channel.error ? stderr : stdout).end(),
      onCredit: (bytes) => input.grant(bytes),
      onExiting: () => {
        for (const output of [stdout, stderr]) output.spill();
      },
      onResult: (result) => {
        for (const output of [stdout, stderr]) {
          output.end();
          output.spill();
        }
        input.close();
        Promise.all([stdout.closed, stderr.closed]).then(() => resolve(result));
      },
      onLost: (error) => {
        input.close();
        reject(error);
        stdout.fail(error);
        stderr.fail(error);
      },
    },
  );
  return {
    stdin: input.writable,
    stdout: stdout.readable,
    stderr: stderr.readable,
    exited,
    kill: (signal) => stream.control({ signal }),
    resize: (size) => stream.control({ resize: size }),
  };
}

function dialIn(connection: Connection, path: string): Promise<HostSocket> {
  return answered(connection, (resolve, reject) => {
    const down = inlet(() => stream, channel.down);
    const up = outlet(() => stream);
    const end = (error: Error | undefined): void => {
      up.close();
      if (error !== undefined) reject(error);
      if (error === undefined) down.end();
      else down.fail(error);
    };
    const stream: GuestStream = connection.open(
      { op: 'dial', path },
      {
        onOpened: () =>
          resolve({ writable: up.writable, readable: down.readable, close: () => stream.abort() }),
        onData: (_, payload) => down.push(payload),
        onEnd: () => down.end(),
        onCredit: (bytes) => up.grant(bytes),
        onResult: ({ error }) => end(error === undefined ? undefined : systemError(error)),
        onLost: end,
      },
    );
  });
}

function readIn(connection: Connection, path: string): Promise<string> {
  return answered(connection, (resolve, reject, heard) => {
    const chunks: Buffer[] = [];
    const stream: GuestStream = connection.open(
      { op: 'read', path },
      {
        onData: (_, payload) => {
          chunks.push(payload);
          heard();
          stream.credit(channel.down, payload.length);
        },
        onResult: ({ error }) => {
          if (error === undefined) resolve(Buffer.concat(chunks).toString('utf8'));
          else reject(systemError(error));
        },
        onLost: reject,
      },
    );
  });
}

/**
 * What costs the guest no process is answered at once. One that is stopped would never answer: all that waits for it ends then, and what
 * is asked later fails without waiting. `heard` is for answers in parts.
 */
async function answered<T>(
  connection: Connection,
  ask: (resolve: (answer: T) => void, reject: (error: Error) => void, heard: () => void) => void,
): Promise<T> {
  const wait = (): (() => void) =>
    afterOwnTime(silentSeconds * 1000, () => connection.lose(guestSilent(silentSeconds)));
  let cancel = wait();
  const heard = (): void => {
    cancel();
    cancel = wait();
  };
  try {
    return await new Promise<T>((resolve, reject) => ask(resolve, reject, heard));
  } finally {
    cancel();
  }
}

/** A guest on a machine that is many times too slow still passes. */
const silentSeconds = 30;

/** The answer lies somewhere between question and reply: half the round trip is the uncertainty. */
async function clockOffset(connection: Connection): Promise<{ offsetMs: number; uncertaintyMs: number }> {
  const asked = now();
  const clock = await answered<number>(connection, (resolve, reject) => {
    connection.open(
      { op: 'clock' },
      { onResult: (result) => resolve(result.clock ?? Number.NaN), onLost: reject },
    );
  });
  const uncertaintyMs = (now() - asked) / 2;
  return { offsetMs: clock - (asked + uncertaintyMs), uncertaintyMs };
}

/** As Node's own: `code` is ENOENT, ECONNREFUSED, … */
function systemError({ code, message }: { code?: string | undefined; message: string }): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
