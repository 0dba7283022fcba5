import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import {
  backendHeader,
  connectionHeader,
  encodeAnswer,
  encodeComplaint,
  encodeIdentity,
  endsHeader,
  type Frame,
  FrameReader,
  flowHeader,
  flowKey,
  heldPath,
  heldProtocol,
  l7Header,
  payloadMatches,
} from '../../base/channel.ts';
import { endpoint } from '../../base/ip.ts';

/** The backend's side of one held channel: answers each beat, complains about what is wrong and hangs up. */
export class Conversation {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #identity: Buffer;
  readonly #key: number;
  readonly #reader = new FrameReader();
  readonly #delayMs: () => number;
  #next = 0;
  #isPaused = false;
  /** What was heard and will be answered later, each in its turn; `due` by `performance.now()`. */
  #late: { readonly chunk: Buffer; readonly due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param serial makes an id for a connection that no L7 gave one
   * @param delayMs how much later than usual it answers, now
   */
  constructor(
    backend: string,
    serial: number,
    { url, headers }: IncomingMessage,
    socket: Socket,
    delayMs: () => number,
  ) {
    this.#delayMs = delayMs;
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
          `${endsHeader}: ${endsOf(socket)}`,
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
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('end', () => this.#socket.end());
    this.#socket.once('close', () => clearTimeout(this.#timer));
    if (early.length > 0) this.#socket.unshift(early);
    this.#socket.write(this.#head);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
    this.#goOn();
  }

  /** A slow backend answers each beat so much later, however many come meanwhile, and in their order. */
  #take(chunk: Buffer): void {
    const delayMs = this.#delayMs();
    // Nearly always; and to look at the clock is a system call in a guest.
    if (delayMs === 0 && this.#late.length === 0 && !this.#isPaused) {
      this.#hear(chunk);
      return;
    }
    const due = Math.max(performance.now() + delayMs, this.#late.at(-1)?.due ?? 0);
    this.#late.push({ chunk, due });
    this.#goOn();
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    if (this.#isPaused) return;
    for (let first = this.#late[0]; first !== undefined; first = this.#late[0]) {
      const left = first.due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.#goOn(), left);
        return;
      }
      this.#late.shift();
      this.#hear(first.chunk);
    }
  }

  #hear(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) {
      const wrong = this.#fault(frame);
      if (wrong !== undefined || frame.type !== 'beat') {
        this.#socket.end(encodeComplaint(wrong ?? ''));
        this.#late = [];
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

/** Answers the request for a channel with an error, and hangs up. */
export function refuseChannel(backend: string, status: number, socket: Socket): void {
  socket.end(
    lines(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'Connection: close',
      'Content-Length: 0',
      `${backendHeader}: ${backend}`,
    ),
  );
}

/** Absent ones belong to a connection that is gone already. */
const endsOf = ({ remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 }: Socket): string =>
  `${endpoint(remoteAddress, remotePort)} ${endpoint(localAddress, localPort)}`;

const lines = (...head: readonly string[]): string => `${head.join('\r\n')}\r\n\r\n`;
