import { now } from '../base/clock.ts';
import { endpoint, formatAddress, parseAddress } from '../base/ip.ts';
import type { Paced } from './clock.ts';
import type { HttpJob, SourceWalk, TrafficEvent } from './contract.ts';
import { HttpRequest, type RequestContext } from './request.ts';
import type { End } from './wire.ts';

/**
 * An open-model load: requests are due at a constant rate, whatever becomes of those before. What cannot be sent because
 * too many are outstanding waits; its latency and its timeout run from when it was due, so nothing is left out.
 */
export class HttpTraffic implements Paced {
  readonly #job: HttpJob;
  readonly #start: number;
  readonly #context: RequestContext;
  readonly #busy: ReadonlySet<string>;
  /** In the order of being due: ended, sent and waiting ones; the first not ended, the first not sent. */
  #requests: HttpRequest[] = [];
  #oldest = 0;
  #unsent = 0;
  #outstanding = 0;
  #arrivals = 0;
  #sources = 0;
  #stopped = false;

  /** @param busy client ends (`address:port`) of held connections */
  constructor(
    job: HttpJob,
    start: number,
    buffer: Buffer,
    busy: ReadonlySet<string>,
    record: (event: TrafficEvent) => void,
  ) {
    this.#job = job;
    this.#start = start;
    this.#busy = busy;
    this.#context = {
      job,
      buffer,
      record: (event) => {
        record(event);
        this.#outstanding--;
        this.#send(true);
      },
    };
  }

  get due(): number {
    const oldest = this.#requests[this.#oldest];
    return Math.min(
      this.#stopped ? Number.POSITIVE_INFINITY : this.#nextArrival(),
      oldest === undefined ? Number.POSITIVE_INFINITY : oldest.intended + this.#job.timeoutMs,
    );
  }

  /** Nothing is outstanding or waiting. */
  get idle(): boolean {
    return this.#outstanding === 0 && this.#unsent === this.#requests.length;
  }

  run(t: number): void {
    for (let at = this.#nextArrival(); at <= t && !this.#stopped; at = this.#nextArrival()) {
      this.#requests.push(new HttpRequest(this.#context, at));
      this.#arrivals++;
    }
    this.#send(false);
    // After the next look at the sockets: an answer that is already here must not count as missing.
    setImmediate(() => this.#expire(t));
  }

  /** No more requests; those that are due already run to their ends. */
  stop(): void {
    this.#stopped = true;
  }

  #nextArrival(): number {
    return this.#start + this.#job.phaseMs + (this.#arrivals * 1000) / this.#job.ratePerSecond;
  }

  /** @param isFreed one of those outstanding has ended: who is sent now has waited for that */
  #send(isFreed: boolean): void {
    while (this.#outstanding < this.#job.maxOutstanding) {
      const request = this.#requests[this.#unsent];
      if (request === undefined) return;
      this.#unsent++;
      this.#outstanding++;
      request.send(this.#nextSource(), isFreed);
    }
  }

  #expire(t: number): void {
    for (
      let first = this.#requests[this.#oldest];
      first !== undefined;
      first = this.#requests[this.#oldest]
    ) {
      if (!first.ended) {
        if (t - first.intended < this.#job.timeoutMs) break;
        if (this.#oldest >= this.#unsent) {
          this.#unsent++;
          this.#outstanding++;
        }
        first.expire(now());
      }
      this.#oldest++;
    }
    if (this.#oldest < 1000) return;
    this.#requests = this.#requests.slice(this.#oldest);
    this.#unsent -= this.#oldest;
    this.#oldest = 0;
  }

  /** The next client end that no held connection has. */
  #nextSource(): End {
    for (;;) {
      const end = sourceAt(this.#job.sources, this.#sources++);
      if (!this.#busy.has(endpoint(end.address, end.port))) return end;
    }
  }
}

function sourceAt({ base, addresses, firstPort, ports, offset, stride }: SourceWalk, n: number): End {
  const { family, value } = parseAddress(base) ?? { family: 'ipv4', value: 0n };
  const place = Number((BigInt(offset) + BigInt(n) * BigInt(stride)) % BigInt(addresses * ports));
  return {
    address: formatAddress({ family, value: value + BigInt(place % addresses) }),
    port: firstPort + Math.floor(place / addresses),
  };
}
