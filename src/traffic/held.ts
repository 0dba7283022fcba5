import type { Paced } from './clock.ts';
import { Flow, type FlowContext } from './flow.ts';

/** The flows of one held traffic, and the wheel that gives them their turns. */
export class HeldTraffic implements Paced {
  readonly flows: readonly Flow[];
  readonly #context: FlowContext;
  /** By phase: the flows are due one after the other, round and round. */
  readonly #wheel: readonly Flow[];
  #turn = 0;
  #position = 0;
  #nextCheck: number;

  constructor(context: FlowContext) {
    this.#context = context;
    this.flows = context.job.flows.map((flow) => new Flow(context, flow));
    this.#wheel = [...this.flows].sort((a, b) => a.phaseMs - b.phaseMs);
    this.#nextCheck = context.start;
  }

  get due(): number {
    return Math.min(this.#nextSlot(), this.#nextCheck);
  }

  run(t: number): void {
    for (let slot = this.#nextSlot(); slot <= t; slot = this.#nextSlot()) {
      this.#wheel[this.#position]?.beat(slot);
      this.#position++;
      if (this.#position < this.#wheel.length) continue;
      this.#position = 0;
      this.#turn++;
    }
    if (t < this.#nextCheck) return;
    this.#nextCheck = t + checkEveryMs;
    // After the next look at the sockets: an answer that is already here must not count as missing.
    setImmediate(() => {
      for (const flow of this.flows) flow.check(t);
    });
  }

  #nextSlot(): number {
    const { start, job } = this.#context;
    const flow = this.#wheel[this.#position];
    return flow === undefined
      ? Number.POSITIVE_INFINITY
      : start + this.#turn * job.heartbeatMs + flow.phaseMs;
  }
}

const checkEveryMs = 50;
