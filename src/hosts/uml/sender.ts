import { type channel, encode, frameType, largestData, window } from './frames.ts';

type Channel = (typeof channel)[keyof typeof channel];

/** The sending end of one channel: sends as far as the reader's credit goes and keeps the rest. */
export class Sender {
  readonly #write: (frame: Buffer) => void;
  readonly #stream: number;
  readonly #channel: Channel;
  readonly #waiting: { chunk: Buffer; sent: () => void }[] = [];
  #credit: number = window;
  #ended = false;
  #onEmpty: (() => void) | undefined;

  constructor(stream: number, on: Channel, write: (frame: Buffer) => void) {
    this.#stream = stream;
    this.#channel = on;
    this.#write = write;
  }

  /** `sent` is called once the whole chunk is on its way: then the next may come. */
  send(chunk: Buffer, sent: () => void): void {
    this.#waiting.push({ chunk, sent });
    this.#flush();
  }

  /** The channel ends after what was given to `send`. */
  end(): void {
    this.#ended = true;
    this.#flush();
  }

  grant(bytes: number): void {
    this.#credit += bytes;
    this.#flush();
  }

  /** Gives up: forgets what waits, and lets those who gave it go on. */
  drop(): void {
    this.#ended = false;
    for (const { sent } of this.#waiting.splice(0)) sent();
    this.#settle();
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Calls once, as soon as all that was given to `send` is on its way or given up. */
  whenEmpty(call: () => void): void {
    this.#onEmpty = call;
    this.#settle();
  }

  #settle(): void {
    if (!this.isEmpty) return;
    const call = this.#onEmpty;
    this.#onEmpty = undefined;
    call?.();
  }

  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#credit > 0; first = this.#waiting[0]) {
      const size = Math.min(first.chunk.length, this.#credit, largestData);
      this.#credit -= size;
      this.#write(encode(this.#stream, frameType.data, this.#channel, first.chunk.subarray(0, size)));
      first.chunk = first.chunk.subarray(size);
      if (first.chunk.length > 0) continue;
      this.#waiting.shift();
      first.sent();
    }
    if (this.#ended && this.isEmpty) {
      this.#ended = false;
      this.#write(encode(this.#stream, frameType.end, this.#channel));
    }
    this.#settle();
  }
}
