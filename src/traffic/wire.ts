import { connect, type Socket } from 'node:net';
import { clientPorts } from '../base/client-ports.ts';
import { endpoint } from '../base/ip.ts';
import type { Cause } from '../verdict/history.ts';

/** What happens on a wire. After `onEnd` or `onError` nothing more does. */
export interface Ear {
  onConnect(): void;
  /** @param bytes is only good until this returns */
  onData(bytes: Buffer): void;
  onEnd(): void;
  onError(cause: Cause, detail: string): void;
}

export interface End {
  readonly address: string;
  readonly port: number;
}

/**
 * A TCP connection from an address and port of our choice; if the port is taken, from the next free one. All wires read
 * into one buffer: a read is over before the next begins, and 20,000 buffers would be most of the memory.
 */
export class Wire {
  #socket: Socket;
  #port: number;
  readonly #address: string;
  #closed = false;

  constructor(from: End, to: End, buffer: Buffer, ear: Ear) {
    this.#address = from.address;
    this.#port = from.port;
    this.#socket = this.#dial(to, buffer, ear, 0);
  }

  /** `address:port` of our end. */
  get client(): string {
    return endpoint(this.#address, this.#port);
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** Closes at once; the ear hears nothing of it. */
  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #dial(to: End, buffer: Buffer, ear: Ear, tries: number): Socket {
    return connect({
      host: to.address,
      port: to.port,
      localAddress: this.#address,
      localPort: this.#port,
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes: number) => {
          if (!this.#closed) ear.onData(buffer.subarray(0, bytes));
          return true;
        },
      },
    })
      .on('connect', () => ear.onConnect())
      .on('end', () => {
        if (!this.#closed) ear.onEnd();
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        if (this.#closed) return;
        const taken = error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL';
        if (taken && tries < mostTries) {
          this.#port = this.#port < clientPorts.last ? this.#port + 1 : clientPorts.first;
          this.#socket = this.#dial(to, buffer, ear, tries + 1);
        } else {
          ear.onError(causes.get(error.code ?? '') ?? 'refused', error.message);
        }
      });
  }
}

const mostTries = 16;

/** Any other error is one of not getting there (EHOSTUNREACH, ENETUNREACH, …): `refused`. */
const causes: ReadonlyMap<string, Cause> = new Map([
  ['ECONNRESET', 'rst'],
  ['EPIPE', 'rst'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNREFUSED', 'refused'],
]);
