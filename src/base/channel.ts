/**
 * The held channel: what a client and a backend say to each other over a connection that stays open.
 *
 * It begins as HTTP/1.1: `GET /held` with `Upgrade: tierlab-held`, answered by `101 Switching Protocols` (RFC 9110 §7.8),
 * so that an L7 proxy in HTTP mode routes it, stamps it, and then passes bytes. From there on both sides send frames:
 *
 *     0 u16 magic   2 u8 type   3 u8 identity length   4 u32 payload length   8 u32 sequence number
 *    12 u32 payload length asked for   16 u32 CRC-32 of identity and payload   20 u32 CRC-32 of bytes 0 to 19
 *    24 identity, payload                                                            (all big endian)
 *
 * The client sends beats, the backend answers each with its identity. The header has a checksum of its own, so that a
 * corrupted length is seen at once and not waited for. Payloads are a function of the flow, the sequence number and the
 * direction: intact bytes of another flow, another beat or the other direction are found out too.
 */
import { crc32 } from 'node:zlib';

export const heldPath = '/held';
export const heldProtocol = 'tierlab-held';
/** The client's name for the flow; both ends derive the payloads from it. */
export const flowHeader = 'x-tierlab-flow';
/** Stamped by the L7 on the request. */
export const l7Header = 'x-tierlab-l7';
export const connectionHeader = 'x-tierlab-connection';
/** Stamped by the backend on each of its answers. */
export const backendHeader = 'x-tierlab-backend';
/** Stamped by the backend on a held channel: its connection's ends, as it sees them, `address:port` each; whoever came, a space, itself. */
export const endsHeader = 'x-tierlab-ends';

/** Most bytes of payload that a frame carries. */
const maxPayload = 1 << 20;

export type Frame =
  | { readonly type: 'beat'; readonly seq: number; readonly downloadBytes: number; readonly payload: Buffer }
  | { readonly type: 'answer'; readonly seq: number; readonly identity: Buffer; readonly payload: Buffer }
  /** The backend saw something wrong and hangs up. */
  | { readonly type: 'complaint'; readonly reason: string }
  /** What came is no frame. Nothing follows it. */
  | { readonly type: 'corrupt'; readonly reason: string };

/** Who answers: the L7 (empty without one), the backend, and the id that the L7 (else the backend) gave the connection. */
interface Identity {
  readonly l7: string;
  readonly backend: string;
  readonly connection: string;
}

type Direction = 'up' | 'down';

/** The payloads' key of a flow, from its name as in `flowHeader`. */
export function flowKey(flow: string): number {
  return crc32(flow);
}

export function upgradeRequest(host: string, flow: string): string {
  return `GET ${heldPath} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: ${heldProtocol}\r\n${flowHeader}: ${flow}\r\n\r\n`;
}

export function encodeBeat(key: number, seq: number, uploadBytes: number, downloadBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + uploadBytes);
  fillPayload(frame, headerBytes, key, seq, 'up');
  return seal(frame, types.beat, 0, seq, downloadBytes);
}

export function encodeAnswer(identity: Uint8Array, key: number, seq: number, downloadBytes: number): Buffer {
  const start = headerBytes + identity.length;
  const frame = Buffer.allocUnsafe(start + downloadBytes);
  frame.set(identity, headerBytes);
  fillPayload(frame, start, key, seq, 'down');
  return seal(frame, types.answer, identity.length, seq, 0);
}

export function encodeComplaint(reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, 1000);
  const frame = Buffer.allocUnsafe(headerBytes + text.length);
  frame.set(text, headerBytes);
  return seal(frame, types.complaint, 0, 0, 0);
}

/** @throws RangeError if it has more than 255 bytes */
export function encodeIdentity({ l7, backend, connection }: Identity): Buffer {
  const bytes = Buffer.from([l7, backend, connection].join('\0'));
  if (bytes.length > 255) throw new RangeError(`identity of ${bytes.length} bytes`);
  return bytes;
}

export function decodeIdentity(bytes: Buffer): Identity {
  const [l7 = '', backend = '', connection = ''] = bytes.toString().split('\0');
  return { l7, backend, connection };
}

/** Is this the payload that the other end must have sent? */
export function payloadMatches(payload: Uint8Array, key: number, seq: number, direction: Direction): boolean {
  let word = firstWord(key, seq, direction);
  for (let i = 0; i < payload.length; i++) {
    if ((i & 3) === 0) word = nextWord(word);
    if (payload[i] !== ((word >>> ((i & 3) << 3)) & 255)) return false;
  }
  return true;
}

/** Cuts a byte stream into frames, whatever pieces it comes in. */
export class FrameReader {
  readonly #limit: number;
  #parts: Buffer[] | undefined;
  #have = 0;
  #need = headerBytes;
  #dead = false;

  /** @param limit most bytes of payload that a frame may have */
  constructor(limit = maxPayload) {
    this.#limit = limit;
  }

  /**
   * @param chunk is only read until the frames are done with: their payloads may be parts of it
   * @returns the frames that are complete now; after a `corrupt` one there are no more, ever
   */
  push(chunk: Buffer): Frame[] {
    if (this.#dead) return [];
    const data = this.#join(chunk);
    const frames: Frame[] = [];
    if (data === undefined) return frames;
    let offset = 0;
    this.#need = headerBytes;
    while (data.length - offset >= headerBytes) {
      const header = data.subarray(offset, offset + headerBytes);
      const wrong = this.#refuse(header);
      if (wrong !== undefined) return this.#die(frames, wrong);
      const bodyBytes = header.readUInt8(3) + header.readUInt32BE(4);
      this.#need = headerBytes + bodyBytes;
      if (data.length - offset < this.#need) break;
      const body = data.subarray(offset + headerBytes, offset + this.#need);
      if (crc32(body) !== header.readUInt32BE(16)) return this.#die(frames, 'checksum of a frame is wrong');
      frames.push(toFrame(header, body));
      offset += this.#need;
      this.#need = headerBytes;
    }
    this.#have = data.length - offset;
    // A copy: the caller may use its buffer again.
    this.#parts = this.#have === 0 ? undefined : [Buffer.from(data.subarray(offset))];
    return frames;
  }

  /** @returns what is to be looked at, or undefined while a frame's end is missing */
  #join(chunk: Buffer): Buffer | undefined {
    if (this.#parts === undefined) return chunk;
    this.#have += chunk.length;
    if (this.#have >= this.#need) return Buffer.concat([...this.#parts, chunk], this.#have);
    this.#parts.push(Buffer.from(chunk));
    return undefined;
  }

  #refuse(header: Buffer): string | undefined {
    if (header.readUInt16BE(0) !== magic) return 'no frame begins where one must';
    if (crc32(header.subarray(0, 20)) !== header.readUInt32BE(20))
      return "checksum of a frame's header is wrong";
    const known = Object.values(types).includes(header.readUInt8(2));
    if (!known) return `frame of unknown type ${header.readUInt8(2)}`;
    const largest = Math.max(header.readUInt32BE(4), header.readUInt32BE(12));
    return largest > this.#limit ? `frame of ${largest} bytes, more than ${this.#limit}` : undefined;
  }

  #die(frames: Frame[], reason: string): Frame[] {
    this.#dead = true;
    this.#parts = undefined;
    return [...frames, { type: 'corrupt', reason }];
  }
}

const magic = 0x744c;
const headerBytes = 24;
const types: { readonly beat: number; readonly answer: number; readonly complaint: number } = {
  beat: 1,
  answer: 2,
  complaint: 3,
};

function toFrame(header: Buffer, body: Buffer): Frame {
  const seq = header.readUInt32BE(8);
  const identityBytes = header.readUInt8(3);
  const payload = body.subarray(identityBytes);
  switch (header.readUInt8(2)) {
    case types.beat:
      return { type: 'beat', seq, downloadBytes: header.readUInt32BE(12), payload };
    case types.answer:
      return { type: 'answer', seq, identity: body.subarray(0, identityBytes), payload };
    default:
      return { type: 'complaint', reason: payload.toString() };
  }
}

function seal(frame: Buffer, type: number, identityBytes: number, seq: number, asked: number): Buffer {
  frame.writeUInt16BE(magic, 0);
  frame.writeUInt8(type, 2);
  frame.writeUInt8(identityBytes, 3);
  frame.writeUInt32BE(frame.length - headerBytes - identityBytes, 4);
  frame.writeUInt32BE(seq, 8);
  frame.writeUInt32BE(asked, 12);
  frame.writeUInt32BE(crc32(frame.subarray(headerBytes)), 16);
  frame.writeUInt32BE(crc32(frame.subarray(0, 20)), 20);
  return frame;
}

function fillPayload(frame: Buffer, start: number, key: number, seq: number, direction: Direction): void {
  let word = firstWord(key, seq, direction);
  for (let i = 0; i < frame.length - start; i++) {
    if ((i & 3) === 0) word = nextWord(word);
    frame[start + i] = (word >>> ((i & 3) << 3)) & 255;
  }
}

/** Never 0, which xorshift would stay at. */
function firstWord(key: number, seq: number, direction: Direction): number {
  return (key ^ Math.imul(seq + 1, 0x9e3779b1) ^ (direction === 'up' ? 0 : 0x5bd1e995)) | 1;
}

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003). */
function nextWord(word: number): number {
  let x = word;
  x ^= x << 13;
  x ^= x >>> 17;
  return x ^ (x << 5);
}
