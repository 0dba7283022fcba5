import { stripVTControlCharacters } from 'node:util';

/** Lines that stay at the bottom of a terminal while others are written above them. */
export class StatusBlock {
  readonly #stream: NodeJS.WriteStream;
  #lines: readonly string[] = [];
  #height = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Replaces the lines; none at all removes the block. */
  show(lines: readonly string[]): void {
    this.#lines = lines;
    this.#clear();
    this.#draw();
  }

  /** Lets something be written above the block, also to another stream of the same terminal. It must end its last line. */
  above(write: () => void): void {
    this.#clear();
    write();
    this.#draw();
  }

  #clear(): void {
    // ECMA-48: cursor up (CUU), to the first column, erase to the end of the screen (ED).
    if (this.#height > 0) this.#stream.write(`\u001b[${this.#height}A\r\u001b[J`);
    this.#height = 0;
  }

  /** A line that wrapped, or more lines than the screen has, could not be taken back. */
  #draw(): void {
    const { columns = 80, rows = 24 } = this.#stream;
    const shown = this.#lines.slice(0, Math.max(1, rows - 2));
    for (const line of shown) {
      this.#stream.write(`${stripVTControlCharacters(line).slice(0, columns - 1)}\n`);
    }
    this.#height = shown.length;
  }
}
