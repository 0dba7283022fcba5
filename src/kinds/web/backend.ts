import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { respond } from './endpoints.ts';
import { Conversation } from './held.ts';

export type BackendState = 'serving' | 'crashed' | 'frozen';

/**
 * One backend: the sockets that listen in one node, and the connections that came through them. It can play dead, as
 * its process is shared with other backends and a socket cannot be made again in its namespace:
 * - crashed: connections are reset and new ones are, too. The fault has cut the cables before, so nobody hears it
 *   (a reset, not a FIN: that would be sent again when the cables are back).
 * - frozen: like a stopped process. The kernel still shakes hands; nothing is answered; all goes on after `thaw`.
 */
export class Backend {
  readonly name: string;
  #state: BackendState = 'serving';
  #accepted = 0;
  #requests = 0;
  readonly #sockets = new Set<Socket>();
  readonly #held = new Set<Conversation>();
  /** Connections that came while frozen. */
  #waiting: Socket[] = [];
  #thaw: (() => void) | undefined;
  #thawed: Promise<void> | undefined;
  readonly #http: HttpServer;

  constructor(name: string) {
    this.name = name;
    this.#http = createHttpServer((request, response) => {
      this.#requests++;
      void respond(this, request, response);
    });
    // A proxy keeps idle connections for reuse: it, not the backend, decides when to close one.
    this.#http.keepAliveTimeout = 15 * 60_000;
    this.#http.requestTimeout = 0;
    this.#http.on('upgrade', (request, socket: Socket, head) => {
      this.#requests++;
      const conversation = new Conversation(name, this.#accepted, request, socket);
      this.#held.add(conversation);
      socket.on('close', () => this.#held.delete(conversation));
      if (this.#thawed === undefined) conversation.begin(head);
      else void this.#thawed.then(() => conversation.begin(head));
    });
    this.#http.on('clientError', (_error, socket) => socket.destroy());
  }

  /**
   * Accepts connections from an inherited listening socket.
   * @throws (as the promise) what the kernel says
   */
  listen(fd: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen({ fd }, backlog, resolve);
    });
  }

  get state(): BackendState {
    return this.#state;
  }

  stats(): { state: BackendState; connections: number; held: number; accepted: number; requests: number } {
    return {
      state: this.#state,
      connections: this.#sockets.size,
      held: this.#held.size,
      accepted: this.#accepted,
      requests: this.#requests,
    };
  }

  /** What an answer must wait for before it says more; undefined: nothing. */
  get pause(): Promise<void> | undefined {
    return this.#thawed;
  }

  crash(): void {
    this.#state = 'crashed';
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#waiting = [];
    this.#release();
  }

  revive(): void {
    if (this.#state === 'crashed') this.#state = 'serving';
  }

  freeze(): void {
    if (this.#state !== 'serving') return;
    this.#state = 'frozen';
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve;
    });
    for (const conversation of this.#held) conversation.pause();
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'serving';
    this.#release();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) {
      if (socket.destroyed) continue;
      this.#http.emit('connection', socket);
      socket.resume();
    }
    for (const conversation of this.#held) conversation.resume();
  }

  #release(): void {
    this.#thaw?.();
    this.#thaw = undefined;
    this.#thawed = undefined;
  }

  #accept(socket: Socket): void {
    if (this.#state === 'crashed') {
      socket.resetAndDestroy();
      return;
    }
    this.#accepted++;
    this.#sockets.add(socket);
    socket.on('error', ignore);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#state === 'frozen') {
      socket.pause();
      this.#waiting.push(socket);
    } else {
      this.#http.emit('connection', socket);
    }
  }
}

/** Connections that wait to be accepted: a ramp of thousands a second must not meet a full queue. */
const backlog = 4096;

/** A client may hang up at any time; what follows from it is seen at 'close'. */
const ignore = (): void => {};
