import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import {
  backendHeader,
  connectionHeader,
  encodeAnswer,
  encodeComplaint,
  encodeIdentity,
  type Frame,
  FrameReader,
  flowHeader,
  flowKey,
  heldPath,
  heldProtocol,
  l7Header,
  payloadMatches,
} from '../../base/channel.ts';

/** The backend's side of one held channel: answers each beat, complains about what is wrong and hangs up. */
export class Conversation {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #identity: Buffer;
  readonly #key: number;
  readonly #reader = new FrameReader();
  #next = 0;

  /** @param serial makes an id for a connection that no L7 gave one */
  constructor(backend: string, serial: number, { url, headers }: IncomingMessage, socket: Socket) {
    const header = (name: string): string => String(headers[name] ?? '').slice(0, 100);
    const l7 = header(l7Header);
    const connection = header(connectionHeader) || `${backend}#${serial}`;
    this.#socket = socket;
    this.#identity = encodeIdentity({ l7, backend, connection });
    this.#key = flowKey(String(headers[flowHeader] ?? ''));
    const wanted = url?.split('?')[0] === heldPath && headers.upgrade?.toLowerCase() === heldProtocol;
    this.#head = wanted
      ? lines(
          'HTTP/1.1 101 Switching Protocols',
          'Connection: Upgrade',
          `Upgrade: ${heldProtocol}`,
          `${backendHeader}: ${backend}`,
          `${l7Header}: ${l7}`,
          `${connectionHeader}: ${connection}`,
        )
      : lines(
          'HTTP/1.1 404 Not Found',
          'Connection: close',
          'Content-Length: 0',
          `${backendHeader}: ${backend}`,
        );
    if (!wanted) socket.end(this.#head);
  }

  /** @param early bytes that came right behind the request */
  begin(early: Buffer): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return;
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#socket.on('end', () => this.#socket.end());
    if (early.length > 0) this.#socket.unshift(early);
    this.#socket.write(this.#head);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #hear(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) {
      const wrong = this.#fault(frame);
      if (wrong !== undefined || frame.type !== 'beat') {
        this.#socket.end(encodeComplaint(wrong ?? ''));
        return;
      }
      this.#next++;
      this.#socket.write(encodeAnswer(this.#identity, this.#key, frame.seq, frame.downloadBytes));
    }
  }

  /** @returns what is wrong with a frame from the client */
  #fault(frame: Frame): string | undefined {
    if (frame.type === 'corrupt') return frame.reason;
    if (frame.type !== 'beat') return `${frame.type} from a client`;
    if (frame.seq !== this.#next) return `beat ${frame.seq} where ${this.#next} was due`;
    return payloadMatches(frame.payload, this.#key, frame.seq, 'up')
      ? undefined
      : `payload of beat ${frame.seq} is of another flow or beat`;
  }
}

const lines = (...head: readonly string[]): string => `${head.join('\r\n')}\r\n\r\n`;
