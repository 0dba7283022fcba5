import { Readable, Writable } from 'node:stream';
import type { GuestStream } from './connection.ts';
import { channel } from './frames.ts';
import { Sender } from './sender.ts';

/** The near end of a channel from the guest. */
export interface Inlet {
  readonly readable: Readable;
  push(payload: Buffer): void;
  end(): void;
  fail(error: Error): void;
  /** Throws away what nobody reads, as Node does with a child's output when the child has ended. */
  spill(): void;
  /** Resolves once it has ended and the reader has had everything. */
  readonly closed: Promise<void>;
}

/** A Readable that gives the guest credit as it is read, so that what nobody reads stays in the guest. */
export function inlet(stream: () => GuestStream, on: number): Inlet {
  let owed = 0;
  let ended = false;
  const settle = (): void => {
    if (owed === 0) return;
    stream().credit(on, owed);
    owed = 0;
  };
  const readable = new Readable({ read: settle });
  const end = (): void => {
    if (ended) return;
    ended = true;
    readable.push(null);
  };
  const closed = new Promise<void>((resolve) => readable.once('close', resolve));
  return {
    readable,
    closed,
    spill: () => {
      if (readable.readableFlowing === null && readable.listenerCount('readable') === 0) readable.resume();
    },
    push: (payload) => {
      if (ended || readable.destroyed) return;
      owed += payload.length;
      if (readable.push(payload)) settle();
    },
    end,
    fail: (error) => {
      if (ended) return;
      ended = true;
      // Who only waits for the program's end hears of it there; an unheard 'error' would end the whole process.
      if (readable.listenerCount('error') > 0) readable.destroy(error);
      else readable.push(null);
    },
  };
}

/** The near end of the channel to the guest. */
export interface Outlet {
  readonly writable: Writable;
  grant(bytes: number): void;
  /** Nothing that is written from now on reaches anybody. */
  close(): void;
}

export function outlet(stream: () => GuestStream): Outlet {
  let sender: Sender | undefined;
  let closed = false;
  const current = (): Sender => {
    sender ??= new Sender(stream().id, channel.up, stream().write);
    return sender;
  };
  const writable = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (closed) done();
      else current().send(chunk, done);
    },
    final: (done) => {
      if (!closed) current().end();
      done();
    },
  });
  return {
    writable,
    grant: (bytes) => current().grant(bytes),
    close: () => {
      closed = true;
      sender?.drop();
    },
  };
}
