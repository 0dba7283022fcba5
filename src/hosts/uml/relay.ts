import type { Socket } from 'node:net';
import { encode, type Frame, FrameReader, frameType } from './frames.ts';

interface Client {
  readonly socket: Socket;
  /** The client's stream ids → those on the line. */
  readonly streams: Map<number, number>;
}

/**
 * Joins many clients to one line. Each client numbers its streams from 1; on the line they are numbered anew. What a client
 * that went away left running is aborted. Nothing waits here: the ends of a stream agree on credit among themselves.
 */
export class Relay {
  onToGuest: (stream: number, frame: Buffer) => void = () => {};
  readonly #clients = new Set<Client>();
  readonly #owners = new Map<number, { client: Client; stream: number }>();
  #next = 1;
  #hello: Buffer | undefined;
  #left = false;

  join(socket: Socket): void {
    if (this.#left) {
      socket.destroy();
      return;
    }
    const client: Client = { socket, streams: new Map() };
    const reader = new FrameReader();
    this.#clients.add(client);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#fromClient(client, frame);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#clients.delete(client);
      for (const stream of client.streams.values()) this.onToGuest(stream, encode(stream, frameType.abort));
    });
    if (this.#hello !== undefined) socket.write(this.#hello);
  }

  fromGuest({ stream, type, channel, payload }: Frame): void {
    if (type === frameType.hello) {
      this.#hello = encode(0, type, 0, payload);
      this.toAll(this.#hello);
      return;
    }
    const owner = this.#owners.get(stream);
    if (owner === undefined) return;
    if (type === frameType.result) {
      this.#owners.delete(stream);
      owner.client.streams.delete(owner.stream);
    }
    if (owner.client.socket.writable) owner.client.socket.write(encode(owner.stream, type, channel, payload));
  }

  toAll(frame: Buffer): void {
    for (const { socket } of this.#clients) socket.write(frame);
  }

  /** No more clients; those that are there get what was sent to them. */
  leave(): void {
    this.#left = true;
    for (const { socket } of this.#clients) socket.end();
  }

  #fromClient(client: Client, { stream, type, channel, payload }: Frame): void {
    let onLine = client.streams.get(stream);
    if (onLine === undefined) {
      if (type !== frameType.open) return;
      onLine = this.#next;
      this.#next = this.#next === 0xffff_ffff ? 1 : this.#next + 1;
      client.streams.set(stream, onLine);
      this.#owners.set(onLine, { client, stream });
    }
    this.onToGuest(onLine, encode(onLine, type, channel, payload));
  }
}
