/**
 * The words on the wire between client, keeper and agent. A frame is a header of 10 bytes, big-endian (length of the
 * payload: 4, stream: 4, type: 1, channel: 1), and a payload. A stream is one request; its id is chosen by the client and
 * changed by the keeper, who serves many clients over one line.
 */
export const frameType = {
  /** client → agent, JSON `Request`: begins a stream. */
  open: 1,
  /** Bytes of a channel. */
  data: 2,
  /** The channel has ended. */
  end: 3,
  /** So many more bytes (4-byte payload) may be sent on the channel. */
  credit: 4,
  /** client → agent, JSON `Control`. */
  control: 5,
  /** client → agent: kill what runs; only a result is still wanted. */
  abort: 6,
  /** agent → client: the socket is connected. */
  opened: 7,
  /** agent → client, JSON `Result`: ends the stream. */
  result: 8,
  /** agent → keeper → each client, JSON `Hello`, on stream 0. */
  hello: 9,
  /** keeper → each client, on stream 0: the guest has ended; guest.json says why. */
  gone: 10,
  /** agent → keeper, on stream 0: it has read so many bytes (4-byte payload) from the line. */
  received: 11,
  /** agent → client: the program has ended; its result follows the output that waits to be read. */
  exiting: 12,
} as const;

/** Channels of a stream: to the guest, from the guest, and a program's standard error. */
export const channel = { up: 0, down: 1, error: 2 } as const;

/** Bytes a channel may send before the reader's first credit, so that a slow reader holds up nobody else. */
export const window = 128 * 1024;

/** Largest payload of data that a sender puts into one frame: bounds how long another stream waits for the line. */
export const largestData = 8 * 1024;

/** What the agent sends first, so that the keeper can skip whatever else the line carried while booting. */
export const magic = Buffer.from('\u0000tierlab agent 1\n');

export type Request =
  | {
      readonly op: 'spawn';
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly stdin: boolean;
      readonly terminal?: { readonly rows: number; readonly columns: number };
    }
  | { readonly op: 'dial' | 'read'; readonly path: string }
  | { readonly op: 'clock' };

export type Control =
  | { readonly signal: NodeJS.Signals }
  | { readonly resize: { readonly rows: number; readonly columns: number } };

export interface Result {
  readonly error?: { readonly code?: string | undefined; readonly message: string };
  readonly exit?: { readonly exitCode: number; readonly signal?: NodeJS.Signals };
  /** Milliseconds since the epoch in the guest. */
  readonly clock?: number;
}

export interface Hello {
  /** The guest kernel's release. */
  readonly kernel: string;
}

export interface Frame {
  readonly stream: number;
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

const headerBytes = 10;

export function encode(
  stream: number,
  type: number,
  on = 0,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt32BE(stream, 4);
  frame.writeUInt8(type, 8);
  frame.writeUInt8(on, 9);
  frame.set(payload, headerBytes);
  return frame;
}

export function encodeJson(stream: number, type: number, value: unknown): Buffer {
  return encode(stream, type, 0, Buffer.from(JSON.stringify(value)));
}

export function encodeCredit(stream: number, on: number, bytes: number): Buffer {
  return encode(stream, frameType.credit, on, count(bytes));
}

export function encodeReceived(bytes: number): Buffer {
  return encode(0, frameType.received, 0, count(bytes));
}

function count(bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return payload;
}

/** Cuts a byte stream into frames. Payloads are views of the chunks where they can be. */
export class FrameReader {
  #rest: Buffer[] = [];
  #size = 0;
  #wanted = headerBytes;

  /** @returns the frames that are complete with this chunk */
  push(chunk: Buffer): Frame[] {
    this.#rest.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return [];
    const bytes = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
    const frames: Frame[] = [];
    let at = 0;
    this.#wanted = headerBytes;
    while (bytes.length - at >= headerBytes) {
      const end = at + headerBytes + bytes.readUInt32BE(at);
      if (end > bytes.length) {
        this.#wanted = end - at;
        break;
      }
      frames.push({
        stream: bytes.readUInt32BE(at + 4),
        type: bytes.readUInt8(at + 8),
        channel: bytes.readUInt8(at + 9),
        payload: bytes.subarray(at + headerBytes, end),
      });
      at = end;
    }
    this.#rest = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#size = bytes.length - at;
    return frames;
  }
}
