import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { now } from '../../base/clock.ts';
import { exitOf } from '../execute.ts';
import { launch } from '../launch.ts';
import {
  type Control,
  channel,
  encode,
  encodeCredit,
  frameType,
  type Request,
  type Result,
} from './frames.ts';
import { Sender } from './sender.ts';

/** What runs for one request. */
export interface Running {
  readonly onData?: (payload: Buffer) => void;
  readonly onEnd?: () => void;
  readonly onCredit?: (on: number, bytes: number) => void;
  readonly onControl?: (control: Control) => void;
  readonly abort: () => void;
}

/** Where a request's stream leads. */
export interface AgentStream {
  readonly stream: number;
  readonly running: Map<number, Running>;
  readonly write: (frame: Buffer) => void;
  readonly finish: (result: Result) => void;
}

/** Begins what a request asks for; whatever becomes of it, `finish` is called once. */
export function begin(request: Request, to: AgentStream): void {
  if (request.op === 'spawn') beginSpawn(request, to);
  else if (request.op === 'dial') beginDial(request.path, to);
  else if (request.op === 'read') beginRead(request.path, to);
  else {
    to.running.set(to.stream, { abort: () => {} });
    to.finish({ clock: now() });
  }
}

function beginSpawn(
  request: Extract<Request, { op: 'spawn' }>,
  { stream, running, write, finish }: AgentStream,
): void {
  const { argv, env, stdin, terminal } = request;
  let program: ReturnType<typeof launch>;
  try {
    program = launch(argv, { env, stdin, terminal });
  } catch (error) {
    running.set(stream, { abort: () => {} });
    finish({ error: describe(error) });
    return;
  }
  const { child } = program;
  // The agent itself is the last that the kernel may kill for memory; what it runs is not.
  if (child.pid !== undefined) tolerate(() => writeFileSync(`/proc/${child.pid}/oom_score_adj`, '0'));
  const senders = [
    new Sender(stream, channel.down, write),
    new Sender(stream, channel.error, write),
  ] as const;
  if (child.stdout !== null) pump(child.stdout, senders[0]);
  if (child.stderr !== null) pump(child.stderr, senders[1]);
  running.set(stream, {
    ...(child.stdin === null ? {} : feed(child.stdin, stream, write)),
    onCredit: (on, bytes) => senders[on === channel.error ? 1 : 0].grant(bytes),
    onControl: (control) =>
      'signal' in control ? program.signal(control.signal) : program.resize(control.resize),
    abort: () => {
      program.signal('SIGKILL');
      for (const sender of senders) sender.drop();
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.stdin?.destroy();
    },
  });
  child.on('error', (error) => {
    if (child.pid === undefined) finish({ error: describe(error) });
  });
  child.on('close', (code, signal) => {
    // Node reads all that a program said when it ends, even if nobody has asked for it yet.
    if (!senders.every(({ isEmpty }) => isEmpty)) write(encode(stream, frameType.exiting));
    const [out, err] = senders;
    out.whenEmpty(() => err.whenEmpty(() => finish({ exit: exitOf(code, signal) })));
  });
}

function beginDial(path: string, { stream, running, write, finish }: AgentStream): void {
  const socket = createConnection({ path, allowHalfOpen: true });
  const sender = new Sender(stream, channel.down, write);
  running.set(stream, {
    ...feed(socket, stream, write),
    onCredit: (_, bytes) => sender.grant(bytes),
    abort: () => {
      sender.drop();
      socket.destroy();
      finish({});
    },
  });
  socket.on('connect', () => write(encode(stream, frameType.opened)));
  pump(socket, sender);
  socket.on('error', (error) => finish({ error: describe(error) }));
  socket.on('close', () => sender.whenEmpty(() => finish({})));
}

function beginRead(path: string, { stream, running, write, finish }: AgentStream): void {
  const sender = new Sender(stream, channel.down, write);
  running.set(stream, {
    onCredit: (_, bytes) => sender.grant(bytes),
    abort: () => {
      sender.drop();
      finish({});
    },
  });
  try {
    // Files of /proc are made while being read: no size is known, and nothing waits for a disk.
    sender.send(readFileSync(path), () => finish({}));
  } catch (error) {
    finish({ error: describe(error) });
  }
}

function pump(from: Readable, sender: Sender): void {
  from.on('data', (chunk: Buffer) => {
    let waits = true;
    sender.send(chunk, () => {
      waits = false;
      from.resume();
    });
    if (waits) from.pause();
  });
  from.on('end', () => sender.end());
  from.on('error', () => {});
}

function feed(
  to: Writable,
  stream: number,
  write: (frame: Buffer) => void,
): Pick<Running, 'onData' | 'onEnd'> {
  // A program need not read its input to the end: what comes then is dropped.
  to.on('error', () => {});
  return {
    onData: (payload) => {
      const grant = (): void => write(encodeCredit(stream, channel.up, payload.length));
      if (to.destroyed || to.writableEnded) grant();
      else to.write(payload, grant);
    },
    onEnd: () => to.end(),
  };
}

function describe(error: unknown): { code?: string | undefined; message: string } {
  const { code, message } = error as NodeJS.ErrnoException;
  return { code, message };
}

function tolerate(attempt: () => void): void {
  try {
    attempt();
  } catch {
    // The program has ended already.
  }
}
