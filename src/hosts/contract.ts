/**
 * A host is *one Linux with root*: the machine itself (`native`), or a user-mode-linux guest (`uml`).
 * It runs programs, opens unix sockets and reads small files. It knows nothing of namespaces: only `lab/` does.
 */
import type { Readable, Writable } from 'node:stream';
import type { Report } from '../base/progress.ts';

export type HostName = 'native' | 'uml';

/** Why a host can or cannot be used here, each reason with its remedy. */
export interface Usability {
  readonly host: HostName;
  readonly usable: boolean;
  /** One line a person reads: the kernel and version if usable. */
  readonly summary: string;
  /** What is missing (empty if usable): what, and the exact command or step that mends it. */
  readonly problems: readonly { readonly what: string; readonly remedy: string }[];
}

/** What a topology asks of the host: kernel modules by name (built in counts) and programs by command. */
export interface Requirements {
  readonly modules: readonly string[];
  readonly programs: readonly { readonly command: string; readonly debianPackage: string }[];
}

export interface ExecOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default 30 s. On timeout the process is killed and a WorldError says so. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ExecResult {
  readonly exitCode: number;
  /** Set if a signal ended it; then exitCode is 128 + its number. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Give the process a terminal of its own of this size; stderr then comes merged into stdout. */
  readonly terminal?: TerminalSize;
}

export interface Exit {
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

/** A running program. It is killed (SIGKILL to its process group) when the connection to the host goes away. */
export interface HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves after stdout and stderr ended; rejects if the program could not be started or the host died. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  resize(size: TerminalSize): void;
}

/** A connection to a unix socket on the host: write requests, read answers. */
export interface HostSocket {
  readonly writable: Writable;
  readonly readable: Readable;
  close(): void;
}

export interface Shortage {
  /** A clause: "the guest is out of memory: …". */
  readonly what: string;
  readonly hint: string;
}

/** An open host. Every method rejects with WorldError `guest-died` once a guest is gone, naming why. */
export interface Host {
  readonly name: HostName;
  /** Runs a program to its end and collects what it says. A non-zero exit code is a result, not an error. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], options?: SpawnOptions): HostProcess;
  /** Opens a unix stream socket by its path on the host. No process is created for it. */
  dial(path: string): Promise<HostSocket>;
  /** Reads a small text file (also of /proc). No process is created for it. @throws if it is not there */
  readFile(path: string): Promise<string>;
  /** Loads kernel modules if they are neither loaded nor built in. @throws WorldError `module-missing` */
  loadModules(names: readonly string[]): Promise<void>;
  /**
   * What the host's clock shows more than ours (ms; a guest keeps its own time), and how far off that may be.
   * Native: 0 and 0.
   */
  clockOffset(): Promise<{ readonly offsetMs: number; readonly uncertaintyMs: number }>;
  /** What the host as a whole has run out of, if it has: why something on it fails that is sound by itself. */
  shortage?(): Promise<Shortage | undefined>;
  /** Resolves as soon as the host has run out of something for good, or with undefined once the signal aborts. */
  untilShort?(signal: AbortSignal): Promise<Shortage | undefined>;
  /** Ends the connection. A guest goes on running. */
  disconnect(): Promise<void>;
}

/** What a host needs to know of the lab that will live in it. */
export interface HostLab {
  /** 6 hex characters; every process that the host creates for this lab carries TIERLAB_TAG=<id> in its environment. */
  readonly id: string;
  /** Absolute path of the lab's folder, mode 0700. It is seen at the same path on the host, writable there. */
  readonly directory: string;
}

/** Of a guest, in MiB; most take a third of it. */
export const usualMemoryMb = 1024;

export interface OpenOptions {
  readonly lab: HostLab;
  /** Memory of a guest in MiB; only what is touched is used. Default: what the lab needs, and `usualMemoryMb` at least. */
  readonly memoryMb?: number;
  /** What the lab is reckoned to need, in MiB. */
  readonly neededMb?: number;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** One place where a lab can live. */
export interface HostKind {
  readonly name: HostName;
  /** How many processors a lab there has. */
  processors(): number;
  /** Looks whether it can be used here, creating nothing. */
  probe(requirements: Requirements): Promise<Usability>;
  /** Makes it ready (boots a guest) and connects. @throws WorldError exit code 3 or 4 */
  open(options: OpenOptions): Promise<Host>;
  /** Connects to what `open` made, from another process. @throws WorldError `guest-died` with the reason */
  connect(lab: HostLab): Promise<Host>;
  /**
   * Removes what `open` made, dead or alive (nothing for native); idempotent, touches only what carries the lab's id.
   * The lab's folder is the caller's to delete.
   */
  destroy(lab: HostLab): Promise<void>;
}
