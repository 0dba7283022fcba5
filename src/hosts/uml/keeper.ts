/**
 * The keeper: the process that a guest belongs to. It starts the guest kernel, holds its console and its serial line, and
 * relays between the line and any number of clients on a unix socket, until the guest ends. Argument: a `KeeperOrder` as JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, createWriteStream, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { guestFiles } from './files.ts';
import { encode, FrameReader, frameType, magic } from './frames.ts';
import { LineWriter } from './line-writer.ts';
import { inSessions, killGuest } from './processes.ts';
import { bootId, type GuestRecord, lastLines, reasonOf, writeRecord } from './record.ts';
import { Relay } from './relay.ts';

export interface KeeperOrder {
  readonly directory: string;
  /** The guest kernel's command line; the serial line is its file descriptors 3 (what it reads) and 4 (what it writes). */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The CPU that the guest is pinned to: read from the keeper's command line by those who choose one for another guest. */
  readonly cpu?: number;
}

/** Bytes of console output that are kept; a guest that floods its console must not fill the disk. */
const largestConsole = 8 * 1024 * 1024;

/** After the guest's end: how long its console's last words, and then the clients' farewell, may take. */
const graceMs = 1000;

keep(JSON.parse(process.argv[2] ?? '') as KeeperOrder);

function keep({ directory, argv, env }: KeeperOrder): void {
  // Relative paths are short enough for a socket, and free of characters that the kernel's command line cannot carry.
  process.chdir(directory);
  process.umask(0o077);
  const before: GuestRecord = {
    keeper: process.pid,
    boot: bootId(),
    startedAt: Date.now(),
  };
  writeRecord(directory, before);
  const relay = new Relay();
  const server = createServer({ allowHalfOpen: false }, (client: Socket) => relay.join(client));
  server.listen('guest.sock', () => {
    chmodSync('guest.sock', 0o600);
    // What the guest creates in the lab's folder has the mode that the guest asked for.
    process.umask(0o022);
    const [program = '', ...args] = argv;
    const guest = spawn(program, args, {
      cwd: directory,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const record = guest.pid === undefined ? before : { ...before, pid: guest.pid };
    writeRecord(directory, record);
    const tail = keepConsole(guest, guestFiles(directory).console);
    attach({ toGuest: guest.stdio[3] as Writable, fromGuest: guest.stdio[4] as Readable }, relay);
    let ended = false;
    const end = (exitCode: number | null, signal: string | null, failure?: string): void => {
      if (ended) return;
      ended = true;
      writeRecord(directory, {
        ...record,
        endedAt: Date.now(),
        ...(exitCode === null ? {} : { exitCode }),
        ...(signal === null ? {} : { signal }),
        reason: failure ?? reasonOf({ exitCode, signal }, lastLines(tail(), 200)),
      });
      rmSync('guest.sock', { force: true });
      relay.toAll(encode(0, frameType.gone));
      server.close();
      relay.leave();
      // A client that is stopped would otherwise keep us for as long as it likes.
      setTimeout(() => process.exit(), graceMs).unref();
    };
    guest.on('error', (error) => {
      if (guest.pid === undefined) end(null, null, `it could not be started: ${error.message}`);
    });
    guest.on('exit', (code, signal) => {
      // Stubs that outlived their kernel would run on by themselves; and they hold the console open.
      if (guest.pid !== undefined) killGuest(inSessions(new Set([guest.pid])));
      guest.on('close', () => end(code, signal));
      setTimeout(() => end(code, signal), graceMs).unref();
    });
    sayListening();
  });
}

/** Tells whoever started the keeper, on its file descriptor 3, that clients can come. */
function sayListening(): void {
  try {
    writeSync(3, 'listening\n');
    closeSync(3);
  } catch {
    // It went away meanwhile; the guest runs on until "down".
  }
}

/** @returns a function that gives the console's last 32 KiB */
function keepConsole(guest: ChildProcess, path: string): () => string {
  const log = createWriteStream(path, { flags: 'w', mode: 0o600 });
  log.on('error', () => {});
  guest.stdin?.on('error', () => {});
  let written = 0;
  let tail = Buffer.alloc(0);
  for (const output of [guest.stdout, guest.stderr]) {
    output?.on('data', (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-32 * 1024);
      if (written < largestConsole) log.write(chunk);
      written += chunk.length;
    });
  }
  return () => tail.toString('utf8');
}

/**
 * Joins the relay to the guest's line, which is a socket for each direction: when the keeper dies, the guest must see the line
 * end. On one socket for both it did not always (of 6.1 on a busy machine, one guest in thirty slept on for ever): what
 * the keeper had not read makes the end a reset (unix_release_sock, net/unix/af_unix.c), and only a plain end hangs the line up
 * (chan_interrupt, arch/um/drivers/chan_kern.c).
 */
function attach(line: { readonly toGuest: Writable; readonly fromGuest: Readable }, relay: Relay): void {
  const reader = new FrameReader();
  const writer = new LineWriter((bytes) => line.toGuest.write(bytes));
  let early: Buffer | undefined = Buffer.alloc(0);
  line.toGuest.on('error', () => {});
  line.fromGuest.on('error', () => {});
  line.fromGuest.on('data', (chunk: Buffer) => {
    let bytes = chunk;
    if (early !== undefined) {
      early = Buffer.concat([early, chunk]);
      const at = early.indexOf(magic);
      if (at < 0) return;
      bytes = early.subarray(at + magic.length);
      early = undefined;
    }
    for (const frame of reader.push(bytes)) {
      if (frame.type === frameType.received) writer.acknowledge(frame.payload.readUInt32BE());
      else relay.fromGuest(frame);
    }
  });
  relay.onToGuest = (stream, frame) => writer.send(stream, frame);
}
