/** The head of an HTTP/1.1 response. */
export interface Head {
  readonly status: number;
  /** By name in lower case; of several alike the first. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Collects the head of a response. Latin-1 text, as header fields are bytes (RFC 9112 §2.2). */
export class HeadReader {
  #text = '';

  /**
   * @returns undefined while it is not complete, `malformed` if it is none or is longer than 16 KiB, else the head and
   * the part of `chunk` behind it
   */
  push(chunk: Buffer): { head: Head; rest: Buffer } | 'malformed' | undefined {
    const before = this.#text.length;
    this.#text += chunk.toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return this.#text.length > largest ? 'malformed' : undefined;
    const [first = '', ...lines] = this.#text.slice(0, end).split('\r\n');
    const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
    if (status === undefined) return 'malformed';
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
    }
    return { head: { status: Number(status), headers }, rest: chunk.subarray(end + 4 - before) };
  }
}

const largest = 16 << 10;
