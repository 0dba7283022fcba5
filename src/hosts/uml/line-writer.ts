/**
 * Bytes that may be on their way to the agent unacknowledged. The guest's tty holds 4,096 and throttles its driver when
 * fewer than 128 are free (drivers/tty/n_tty.c); then user-mode-linux takes the line out of its poll set and never puts it back
 * (line_throttle and deactivate_chan, arch/um/drivers/line.c). So it must never come to that.
 */
const lineWindow = 3900;

/** The keeper's way into the guest: never more than the tty holds, and every stream in its turn. */
export class LineWriter {
  readonly #write: (bytes: Buffer) => void;
  /** Frames by stream; a stream that has had its turn goes to the end. */
  readonly #queues = new Map<number, Buffer[]>();
  #current: Buffer = Buffer.alloc(0);
  #inFlight = 0;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  send(stream: number, frame: Buffer): void {
    const queue = this.#queues.get(stream);
    if (queue === undefined) this.#queues.set(stream, [frame]);
    else queue.push(frame);
    this.#flush();
  }

  /** The agent has read so many bytes. */
  acknowledge(bytes: number): void {
    this.#inFlight -= bytes;
    this.#flush();
  }

  #flush(): void {
    const parts: Buffer[] = [];
    while (this.#inFlight < lineWindow) {
      if (this.#current.length === 0) {
        const next = this.#take();
        if (next === undefined) break;
        this.#current = next;
      }
      const part = this.#current.subarray(0, lineWindow - this.#inFlight);
      this.#current = this.#current.subarray(part.length);
      this.#inFlight += part.length;
      parts.push(part);
    }
    if (parts.length > 0) this.#write(Buffer.concat(parts));
  }

  #take(): Buffer | undefined {
    for (const [stream, queue] of this.#queues) {
      const frame = queue.shift();
      this.#queues.delete(stream);
      if (queue.length > 0) this.#queues.set(stream, queue);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }
}
