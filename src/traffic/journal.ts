import { write } from 'node:fs';
import type { TrafficEvent, TrafficReport } from './contract.ts';

/**
 * The lines that the program says, written in batches, at most ten a second and one at a time. Not through
 * process.stdout: on a pipe that waits for the reader, and everything would stand still with it.
 */
export class Journal {
  readonly #fd: number;
  readonly #counts = { open: 0, beat: 0, close: 0, 'open-failed': 0, request: 0, lag: 0 };
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];
  #size = 0;
  #writing: Promise<void> | undefined;

  /** @param broken is called when lines cannot be written any more, or faster than they are read */
  constructor(fd: number, broken: (error: Error) => void) {
    this.#fd = fd;
    this.#timer = setInterval(() => this.#flush(broken), 100);
  }

  get counts(): Readonly<Record<TrafficEvent['type'], number>> {
    return this.#counts;
  }

  event(event: TrafficEvent): void {
    this.#counts[event.type]++;
    this.#add(JSON.stringify(event));
  }

  report(report: TrafficReport): void {
    this.#add(JSON.stringify(report));
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#write();
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#size += line.length + 1;
  }

  #flush(broken: (error: Error) => void): void {
    if (this.#size > mostUnread) broken(new Error('the reader of the history is too slow'));
    if (this.#size === 0 || this.#writing !== undefined) return;
    this.#writing = this.#write()
      .catch(broken)
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #write(): Promise<void> {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#size = 0;
    for (let offset = 0; offset < bytes.length; ) offset += await writeSome(this.#fd, bytes.subarray(offset));
  }
}

const mostUnread = 256 << 20;

/** @returns the number of bytes written; none when a non-blocking pipe is full, after a pause */
function writeSome(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), 5);
      else reject(error);
    });
  });
}
