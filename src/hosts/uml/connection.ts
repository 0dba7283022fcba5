import { createConnection, type Socket } from 'node:net';
import { WorldError } from '../../base/errors.ts';
import { afterOwnTime } from '../../base/own-time.ts';
import { withShortPath } from './files.ts';
import {
  type Control,
  encode,
  encodeCredit,
  encodeJson,
  type Frame,
  FrameReader,
  frameType,
  type Hello,
  type Request,
  type Result,
} from './frames.ts';

/** What the opener of a stream wants to hear of it. After `onResult` or `onLost` nothing more comes. */
export interface StreamListener {
  readonly onOpened?: () => void;
  readonly onData?: (on: number, payload: Buffer) => void;
  readonly onEnd?: (on: number) => void;
  readonly onCredit?: (bytes: number) => void;
  readonly onExiting?: () => void;
  readonly onResult: (result: Result) => void;
  readonly onLost: (error: WorldError) => void;
}

/** The opener's end of a stream. */
export interface GuestStream {
  readonly id: number;
  readonly write: (frame: Buffer) => void;
  credit(on: number, bytes: number): void;
  control(control: Control): void;
  abort(): void;
}

/** A guest answers 0.7 s after its start; a machine that is many times slower still passes. */
const greetingWithinMs = 30_000;

export const guestSilent = (seconds: number): WorldError =>
  new WorldError(`the guest did not answer within ${seconds} s`, {
    code: 'guest-silent',
    exitCode: 4,
    hint: 'it was stopped, it lacks memory (--memory), or this machine does too much else; "tierlab down" ends it',
  });

/** What the agent says of itself, once it is up. @throws WorldError if the guest is gone or silent */
export async function greeting(connection: Connection, signal?: AbortSignal): Promise<Hello> {
  let stop: () => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    const onTimeout = (): void => reject(guestSilent(greetingWithinMs / 1000));
    const cancel = afterOwnTime(greetingWithinMs, onTimeout);
    signal?.addEventListener('abort', onAbort, { once: true });
    stop = () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted) onAbort();
  });
  try {
    return await Promise.race([connection.hello, stopped]);
  } finally {
    stop();
  }
}

/** A client's connection to a keeper. */
export class Connection {
  readonly #socket: Socket;
  readonly #listeners = new Map<number, StreamListener>();
  readonly #whyGone: () => WorldError;
  #next = 1;
  #lost: WorldError | undefined;
  /** Resolves once the guest's agent answers, with what it says of itself; rejects if the guest ends before. */
  readonly hello: Promise<Hello>;
  #greet: (hello: Hello) => void = () => {};
  #refuse: (error: WorldError) => void = () => {};

  private constructor(socket: Socket, whyGone: () => WorldError) {
    this.#socket = socket;
    this.#whyGone = whyGone;
    this.hello = new Promise((resolve, reject) => {
      this.#greet = resolve;
      this.#refuse = reject;
    });
    this.hello.catch(() => {});
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#receive(frame);
    });
    socket.on('error', () => {});
    socket.on('close', () => this.lose(this.#whyGone()));
  }

  /** @throws the error of the socket if nobody listens there; `whyGone` is asked when the guest is found to be gone. */
  static async open(directory: string, whyGone: () => WorldError): Promise<Connection> {
    const socket = await withShortPath(
      directory,
      'guest.sock',
      (path) =>
        new Promise<Socket>((resolve, reject) => {
          const attempt = createConnection(path);
          attempt.once('connect', () => resolve(attempt));
          attempt.once('error', reject);
        }),
    );
    return new Connection(socket, whyGone);
  }

  open(request: Request, listener: StreamListener): GuestStream {
    const id = this.#next++;
    const write = (frame: Buffer): void => {
      if (this.#listeners.has(id)) this.#socket.write(frame);
    };
    const lost = this.#lost;
    if (lost === undefined) this.#listeners.set(id, listener);
    else queueMicrotask(() => listener.onLost(lost));
    write(encodeJson(id, frameType.open, request));
    return {
      id,
      write,
      credit: (on, bytes) => write(encodeCredit(id, on, bytes)),
      control: (control) => write(encodeJson(id, frameType.control, control)),
      abort: () => write(encode(id, frameType.abort)),
    };
  }

  /** Ends the connection; everything that is under way gets the error. */
  lose(error: WorldError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#socket.destroy();
    this.#refuse(error);
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.onLost(error);
  }

  /** Resolves when the socket is closed on this side. */
  async close(error: WorldError): Promise<void> {
    const closed = this.#socket.destroyed
      ? Promise.resolve()
      : new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.lose(error);
    await closed;
  }

  #receive({ stream, type, channel, payload }: Frame): void {
    if (type === frameType.hello) this.#greet(JSON.parse(payload.toString('utf8')) as Hello);
    else if (type === frameType.gone) this.lose(this.#whyGone());
    const listener = this.#listeners.get(stream);
    if (listener === undefined) return;
    if (type === frameType.data) listener.onData?.(channel, payload);
    else if (type === frameType.end) listener.onEnd?.(channel);
    else if (type === frameType.credit) listener.onCredit?.(payload.readUInt32BE());
    else if (type === frameType.exiting) listener.onExiting?.();
    else if (type === frameType.opened) listener.onOpened?.();
    else if (type === frameType.result) {
      this.#listeners.delete(stream);
      listener.onResult(JSON.parse(payload.toString('utf8')) as Result);
    }
  }
}
