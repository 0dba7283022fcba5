import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { TerminalSize } from './contract.ts';
import { allPids, statOf } from './pids.ts';

export interface LaunchOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Without, standard input is /dev/null. */
  readonly stdin: boolean;
  readonly terminal?: TerminalSize | undefined;
  /** Put before argv: a program that changes something and then executes the rest. */
  readonly wrapper?: readonly string[];
}

/** A started program: the leader of a process group (and session) of its own. */
export interface Launched {
  readonly child: ChildProcess;
  /** Sends the signal to the whole group; nothing happens if it is gone. */
  signal(signal: NodeJS.Signals): void;
  resize(size: TerminalSize): void;
}

/** Starts a program. Shared by the native host and the guest's agent, so that both behave alike. */
export function launch(argv: readonly string[], options: LaunchOptions): Launched {
  const { env, stdin, terminal, wrapper = [] } = options;
  const inner = terminal === undefined ? argv : withTerminal(argv, terminal, env);
  const [program = '', ...args] = [...wrapper, ...inner];
  const child = spawn(program, args, {
    cwd: '/',
    env: terminal === undefined ? env : { ...env, SHELL: '/bin/sh' },
    detached: true,
    stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  return {
    child,
    signal: (signal) => {
      if (child.pid === undefined) return;
      // Under a terminal the program has a session of its own, below `script`.
      if (terminal !== undefined) for (const pid of childrenOf(child.pid)) signalGroup(pid, signal);
      signalGroup(child.pid, signal);
    },
    resize: ({ rows, columns }) => {
      const tty = child.pid === undefined ? undefined : terminalBelow(child.pid);
      if (tty !== undefined) spawnSync('stty', ['-F', tty, 'rows', `${rows}`, 'cols', `${columns}`], { env });
    },
  };
}

/** util-linux's `script` makes the pseudo-terminal: Node cannot, and it is on every Debian. */
function withTerminal(
  argv: readonly string[],
  { rows, columns }: TerminalSize,
  env: Readonly<Record<string, string>>,
): string[] {
  const shell = env.SHELL === undefined ? 'unset SHELL' : `SHELL=${quote(env.SHELL)}`;
  const command = `stty rows ${rows} cols ${columns}; ${shell}; exec ${argv.map(quote).join(' ')}`;
  return ['script', '-qefc', command, '/dev/null'];
}

/** A word of a shell's command. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Gone already.
  }
}

function terminalBelow(parent: number): string | undefined {
  for (const pid of childrenOf(parent)) {
    try {
      const tty = readlinkSync(`/proc/${pid}/fd/0`);
      if (tty.startsWith('/dev/pts/')) return tty;
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined;
}

const childrenOf = (parent: number): number[] => allPids().filter((pid) => Number(statOf(pid)[1]) === parent);
