import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { availableParallelism, release } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { WorldError } from '../../base/errors.ts';
import type { Exit, Host, HostKind, HostLab, HostProcess, HostSocket, SpawnOptions } from '../contract.ts';
import { programEnvironment } from '../environment.ts';
import { collect, exitOf, startFailure } from '../execute.ts';
import { launch } from '../launch.ts';
import { missingHere, moduleMissing } from '../modules.ts';
import { findProgram } from '../programs.ts';
import { probeNative } from './probe.ts';

/** The machine itself: nothing is made by `open`, nothing is left to destroy. */
export function nativeHost(): HostKind {
  const connect = async (lab: HostLab): Promise<Host> => openNative(lab);
  return {
    name: 'native',
    processors: availableParallelism,
    probe: probeNative,
    open: ({ lab, signal }) => {
      signal?.throwIfAborted();
      return connect(lab);
    },
    connect,
    destroy: async () => {},
  };
}

function openNative(lab: HostLab): Host {
  const running = new Set<HostProcess>();
  const sockets = new Set<HostSocket>();
  let disconnected = false;
  const check = (): void => {
    if (disconnected)
      throw new WorldError('the host was disconnected', { code: 'disconnected', exitCode: 4 });
  };
  const spawn = (argv: readonly string[], options: SpawnOptions, stdin: boolean): HostProcess => {
    check();
    const started = start(lab, argv, options, stdin);
    running.add(started);
    const forget = (): void => void running.delete(started);
    started.exited.then(forget, forget);
    return started;
  };
  const exec: Host['exec'] = async (argv, options = {}) =>
    collect(argv, spawn(argv, options, options.input !== undefined), options);
  return {
    name: 'native',
    exec,
    spawn: (argv, options = {}) => spawn(argv, options, true),
    dial: async (path) => {
      check();
      const socket = await dial(path);
      sockets.add(socket);
      socket.readable.once('close', () => sockets.delete(socket));
      return socket;
    },
    readFile: async (path) => {
      check();
      return readFile(path, 'utf8');
    },
    clockOffset: async () => ({ offsetMs: 0, uncertaintyMs: 0 }),
    loadModules: async (names) => {
      const missing = missingHere(names);
      if (missing.length === 0) return;
      const argv = [await modprobe(), '-a', ...missing];
      const { exitCode, stderr } = await exec(argv);
      if (exitCode !== 0) throw moduleMissing(missing, `kernel ${release()}`, stderr);
    },
    disconnect: async () => {
      disconnected = true;
      for (const program of running) program.kill('SIGKILL');
      for (const socket of sockets) socket.close();
      await Promise.allSettled([...running].map(({ exited }) => exited));
    },
  };
}

function start(
  lab: HostLab,
  argv: readonly string[],
  { env, terminal }: SpawnOptions,
  stdin: boolean,
): HostProcess {
  // If we are killed, the kernel ends what we run: there is no connection here whose loss anybody would notice.
  const setpriv = findProgram('setpriv');
  const environment = programEnvironment(lab, env);
  // Without setpriv in front Node itself says why a program cannot be started.
  const known = terminal !== undefined || findProgram(argv[0] ?? '', environment.PATH) !== undefined;
  const wrapper = setpriv === undefined || !known ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
  const options = { env: environment, stdin, terminal, wrapper };
  const { child, signal, resize } = launch(argv, options);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(startFailure(argv, error));
    });
    child.once('close', (code, by) => resolve(exitOf(code, by)));
  });
  exited.catch(() => {});
  // A program need not read its input to the end.
  child.stdin?.on('error', () => {});
  return {
    stdin: child.stdin as Writable,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    exited,
    kill: signal,
    resize,
  };
}

function dial(path: string): Promise<HostSocket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      // From here on an error is the end of what can be read: a reset connection has nothing more to say.
      socket.on('error', () => {});
      resolve({ writable: socket, readable: socket, close: () => socket.destroy() });
    });
  });
}

/** Whom the kernel itself would ask (Documentation/admin-guide/sysctl/kernel.rst): a guest names its own program. */
async function modprobe(): Promise<string> {
  const configured = (await readFile('/proc/sys/kernel/modprobe', 'utf8').catch(() => '')).trim();
  return configured === '' ? 'modprobe' : configured;
}
