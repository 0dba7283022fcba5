import {
  decodeIdentity,
  encodeBeat,
  endsHeader,
  type Frame,
  FrameReader,
  flowKey,
  payloadMatches,
  upgradeRequest,
} from '../base/channel.ts';
import { endpoint } from '../base/ip.ts';
import type { Cause } from '../verdict/history.ts';
import { type BatchClock, round } from './clock.ts';
import type { HeldFlow, HeldJob, TrafficEvent } from './contract.ts';
import { HeadReader } from './head.ts';
import { type Ear, Wire } from './wire.ts';

export interface FlowContext {
  readonly job: HeldJob;
  /** Heartbeats are due at `start + phaseMs + n · heartbeatMs`. */
  readonly start: number;
  readonly buffer: Buffer;
  readonly clock: BatchClock;
  readonly record: (event: TrafficEvent) => void;
}

/** One held connection, from opening to its end. */
export class Flow implements Ear {
  readonly #context: FlowContext;
  readonly #flow: HeldFlow;
  readonly #key: number;
  readonly #name: string;
  #state: 'new' | 'opening' | 'upgraded' | 'open' | 'failed' | 'ended' = 'new';
  #wire: Wire | undefined;
  #head: HeadReader | undefined;
  #reader: FrameReader | undefined;
  /** As in the first answer. */
  #identity: Buffer | undefined;
  #openedAt = 0;
  #connectMs = 0;
  #ends: string | undefined;
  /** When heartbeat 0 and heartbeat 1 were due; the others follow at the period. */
  #firstAt = 0;
  #secondAt = 0;
  #nextSeq = 0;
  #unanswered = 0;

  constructor(context: FlowContext, flow: HeldFlow) {
    this.#context = context;
    this.#flow = flow;
    this.#name = `${context.job.name}/${flow.flow}/${context.job.seed}`;
    this.#key = flowKey(this.#name);
  }

  get state(): 'new' | 'opening' | 'upgraded' | 'open' | 'failed' | 'ended' {
    return this.#state;
  }

  get phaseMs(): number {
    return this.#flow.phaseMs;
  }

  open(t: number): void {
    this.#state = 'opening';
    this.#openedAt = t;
    this.#head = new HeadReader();
    this.#wire = new Wire(this.#flow, this.#context.job.target, this.#context.buffer, this);
  }

  /** Sends the heartbeat that is due at `slot`, answers outstanding or not. */
  beat(slot: number): void {
    if ((this.#state !== 'open' && this.#state !== 'upgraded') || slot < this.#secondAt) return;
    this.#send();
  }

  /** Ends the flow if the oldest outstanding answer is overdue. */
  check(t: number): void {
    const { timeoutMs } = this.#context.job;
    if (this.#waitingMs(t) > timeoutMs) this.#end('timeout', `no answer to heartbeat ${this.#unanswered}`, t);
  }

  /** Ends it by plan. */
  stop(t: number): void {
    if (this.#state === 'open') this.#end(undefined, undefined, t);
    else if (this.#state === 'opening' || this.#state === 'upgraded')
      this.#end('timeout', 'stopped while opening', t);
    else if (this.#state === 'new') this.#state = 'ended';
  }

  onConnect(): void {
    const { service } = this.#context.job.target;
    this.#wire?.write(upgradeRequest(service, this.#name));
  }

  onData(bytes: Buffer): void {
    const frames = this.#head === undefined ? bytes : this.#upgrade(this.#head, bytes);
    if (frames === undefined || this.#reader === undefined) return;
    for (const frame of this.#reader.push(frames)) {
      if (this.#state === 'ended' || this.#state === 'failed') return;
      this.#hear(frame, this.#context.clock.now());
    }
  }

  onEnd(): void {
    this.#end('eof', undefined, this.#context.clock.now());
  }

  onError(cause: Cause, detail: string): void {
    this.#end(cause, detail, this.#context.clock.now());
  }

  /** @returns what came behind the head, once that is complete and says 101 */
  #upgrade(reader: HeadReader, bytes: Buffer): Buffer | undefined {
    const found = reader.push(bytes);
    if (found === undefined) return undefined;
    const t = this.#context.clock.now();
    if (found === 'malformed') this.#end('corrupt', 'no HTTP response', t);
    else if (found.head.status !== 101) this.#end('status', `${found.head.status}`, t);
    if (found === 'malformed' || found.head.status !== 101) return undefined;
    const { start, job } = this.#context;
    const since = start + this.#flow.phaseMs;
    this.#head = undefined;
    this.#reader = new FrameReader();
    this.#state = 'upgraded';
    this.#connectMs = t - this.#openedAt;
    this.#ends = found.head.headers.get(endsHeader);
    this.#firstAt = t;
    this.#secondAt = since + Math.max(0, Math.floor((t - since) / job.heartbeatMs) + 1) * job.heartbeatMs;
    this.#send();
    return found.rest;
  }

  #send(): void {
    const { uploadBytes, downloadBytes } = this.#context.job;
    this.#wire?.write(encodeBeat(this.#key, this.#nextSeq++, uploadBytes, downloadBytes));
  }

  #hear(frame: Frame, t: number): void {
    if (frame.type === 'complaint') this.#end('corrupt', `the backend: ${frame.reason}`, t);
    else if (frame.type === 'corrupt') this.#end('corrupt', frame.reason, t);
    else if (frame.type === 'beat') this.#end('corrupt', 'a heartbeat came back', t);
    else this.#answer(frame, t);
  }

  #answer({ seq, identity, payload }: Extract<Frame, { type: 'answer' }>, t: number): void {
    const { job, record } = this.#context;
    if (this.#identity !== undefined && !this.#identity.equals(identity)) {
      this.#end(...difference(this.#identity, identity), t);
    } else if (seq !== this.#unanswered || seq >= this.#nextSeq) {
      this.#end('corrupt', `answer ${seq} where ${this.#unanswered} was due`, t);
    } else if (payload.length !== job.downloadBytes || !payloadMatches(payload, this.#key, seq, 'down')) {
      this.#end('corrupt', `payload of answer ${seq} is of another flow or heartbeat`, t);
    } else {
      if (this.#identity === undefined) this.#stand(identity, t);
      const ms = round(t - this.#dueAt(seq));
      record({ type: 'beat', t: round(t), traffic: job.name, flow: this.#flow.flow, seq, ms });
      this.#unanswered++;
    }
  }

  /** The first answer: the connection stands. */
  #stand(identity: Buffer, t: number): void {
    const { job, record } = this.#context;
    this.#identity = Buffer.from(identity);
    this.#state = 'open';
    const client = this.#wire?.client ?? '';
    const [from = '', to = ''] = this.#ends?.split(' ') ?? [];
    record({
      type: 'open',
      t: round(t),
      traffic: job.name,
      flow: this.#flow.flow,
      client,
      ...decodeIdentity(identity),
      // The same connection all the way: nobody ended it and began another.
      ...(from === client || to === '' ? {} : { onward: { from, to } }),
      connectMs: round(this.#connectMs),
    });
  }

  #end(cause: Cause | undefined, detail: string | undefined, t: number): void {
    if (this.#state === 'ended' || this.#state === 'failed') return;
    const { job, record } = this.#context;
    const common = {
      t: round(t),
      traffic: job.name,
      flow: this.#flow.flow,
      ...(detail === undefined ? {} : { detail }),
    };
    if (this.#state === 'open') {
      const waitingMs = round(this.#waitingMs(t));
      record({ type: 'close', ...common, ...(cause === undefined ? {} : { cause }), waitingMs });
    } else {
      const { address, port } = this.#flow;
      const client = this.#wire?.client ?? endpoint(address, port);
      record({ type: 'open-failed', ...common, client, cause: cause ?? 'timeout' });
    }
    this.#state = this.#state === 'open' ? 'ended' : 'failed';
    this.#wire?.close();
    this.#reader = undefined;
    this.#head = undefined;
  }

  /** How long the oldest outstanding answer (before the first: the connection) has been waited for. */
  #waitingMs(t: number): number {
    if (this.#state === 'opening' || this.#state === 'upgraded') return t - this.#openedAt;
    if (this.#state !== 'open' || this.#unanswered >= this.#nextSeq) return 0;
    return t - this.#dueAt(this.#unanswered);
  }

  #dueAt(seq: number): number {
    return seq === 0 ? this.#firstAt : this.#secondAt + (seq - 1) * this.#context.job.heartbeatMs;
  }
}

function difference(before: Buffer, after: Buffer): [Cause, string] {
  const [was, is] = [decodeIdentity(before), decodeIdentity(after)];
  if (was.l7 !== is.l7) return ['wrong-l7', `${is.l7} after ${was.l7}`];
  if (was.backend !== is.backend) return ['wrong-backend', `${is.backend} after ${was.backend}`];
  return ['wrong-backend', `connection ${is.connection} after ${was.connection}`];
}
