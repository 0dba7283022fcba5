import { backendHeader, l7Header } from '../base/channel.ts';
import { now } from '../base/clock.ts';
import type { Cause } from '../verdict/history.ts';
import { round } from './clock.ts';
import type { HttpJob, TrafficEvent } from './contract.ts';
import { type Head, HeadReader } from './head.ts';
import { type Ear, type End, Wire } from './wire.ts';

export interface RequestContext {
  readonly job: HttpJob;
  readonly buffer: Buffer;
  /** Takes the one event of a request that was sent. */
  readonly record: (event: TrafficEvent) => void;
}

/** One request on a connection of its own. */
export class HttpRequest implements Ear {
  readonly intended: number;
  readonly #context: RequestContext;
  readonly #reader = new HeadReader();
  #ended = false;
  #wire: Wire | undefined;
  #head: Head | undefined;
  #sentAt = 0;
  #wasHeldBack = false;
  #received = 0;
  /** The last bytes of the body. */
  #tail = '';

  /** @param intended when it is due, in ms since the epoch */
  constructor(context: RequestContext, intended: number) {
    this.#context = context;
    this.intended = intended;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @param wasHeldBack it was due before, and too many others were outstanding */
  send(from: End, wasHeldBack: boolean): void {
    const { job, buffer } = this.#context;
    this.#sentAt = now();
    this.#wasHeldBack = wasHeldBack;
    this.#wire = new Wire(from, job.target, buffer, this);
  }

  /** No answer in time. */
  expire(t: number): void {
    const others = `${this.#context.job.maxOutstanding} others were outstanding`;
    const lateMs = Math.round(this.#sentAt - this.intended);
    const why = this.#wasHeldBack ? others : 'the traffic process was late itself';
    if (this.#wire === undefined) this.#end(t, 'timeout', `not sent: ${others}`);
    else this.#end(t, 'timeout', lateMs > 50 ? `sent ${lateMs} ms late: ${why}` : undefined);
  }

  onConnect(): void {
    const { path, target } = this.#context.job;
    this.#wire?.write(`GET ${path} HTTP/1.1\r\nHost: ${target.service}\r\nConnection: close\r\n\r\n`);
  }

  onData(bytes: Buffer): void {
    let body = bytes;
    if (this.#head === undefined) {
      const found = this.#reader.push(bytes);
      if (found === undefined) return;
      if (found === 'malformed') {
        this.#end(now(), 'corrupt', 'no HTTP response');
        return;
      }
      this.#head = found.head;
      body = found.rest;
    }
    this.#received += body.length;
    this.#tail = (this.#tail + body.toString('latin1', Math.max(0, body.length - 5))).slice(-5);
    if (this.#complete(false)) this.#end(now());
  }

  onEnd(): void {
    if (this.#complete(true)) this.#end(now());
    else this.#end(now(), 'eof', this.#head === undefined ? undefined : 'the answer is not complete');
  }

  onError(cause: Cause, detail: string): void {
    this.#end(now(), cause, detail);
  }

  /** RFC 9112 §6.3: the end of a body is told by its length, by the last chunk, or by the end of the connection. */
  #complete(closed: boolean): boolean {
    const headers = this.#head?.headers;
    if (headers === undefined) return false;
    if (headers.get('transfer-encoding') === 'chunked') return this.#tail === '0\r\n\r\n';
    const length = headers.get('content-length');
    return length === undefined ? closed : this.#received >= Number(length);
  }

  #end(t: number, cause?: Cause, detail?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wire?.close();
    const status = this.#head?.status;
    const l7 = this.#head?.headers.get(l7Header);
    const backend = this.#head?.headers.get(backendHeader);
    const bad = cause ?? (status !== undefined && status >= 500 ? 'status' : undefined);
    this.#context.record({
      type: 'request',
      t: round(t),
      traffic: this.#context.job.name,
      intended: round(this.intended),
      ms: round(t - this.intended),
      ...(status === undefined ? {} : { status }),
      ...(l7 === undefined ? {} : { l7 }),
      ...(backend === undefined ? {} : { backend }),
      ...(bad === undefined ? {} : { cause: bad }),
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
