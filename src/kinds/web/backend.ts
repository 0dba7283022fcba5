import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { seeded } from '../../base/random.ts';
import type { BackendBehaviour } from '../contract.ts';
import { respond, type Voice } from './endpoints.ts';
import { Conversation, refuseChannel } from './held.ts';

export type BackendState = 'serving' | 'crashed' | 'frozen';

/**
 * One backend: the sockets that listen in one node, and the connections that came through them. It can play dead, as
 * its process is shared with other backends and a socket cannot be made again in its namespace:
 * - crashed: connections are reset and new ones are, too. The fault has cut the cables before, so nobody hears it
 *   (a reset, not a FIN: that would be sent again when the cables are back).
 * - frozen: like a stopped process. The kernel still shakes hands; nothing is answered; all goes on after `thaw`.
 * Beside that it can misbehave in ways of its own, several at a time: see BackendBehaviour.
 */
export class Backend {
  readonly name: string;
  #state: BackendState = 'serving';
  #behaviour: BackendBehaviour = {};
  /** Chooses the requests that fail. */
  #chance: () => number = () => 1;
  #accepted = 0;
  #requests = 0;
  #checks = 0;
  /** Of connections that are closed. */
  #bytes = { in: 0, out: 0 };
  readonly #sockets = new Set<Socket>();
  /** Connections that it has forgotten: it says nothing on them any more. */
  readonly #deaf = new Set<Socket>();
  readonly #held = new Map<Socket, Conversation>();
  /** Connections that came while frozen. */
  #waiting: Socket[] = [];
  #thaw: (() => void) | undefined;
  #thawed: Promise<void> | undefined;
  readonly #http: HttpServer;

  constructor(name: string) {
    this.name = name;
    this.#http = createHttpServer((request, response) => {
      if (isHealthCheck(request.url)) this.#checks++;
      else this.#requests++;
      void respond(this.#voiceFor(request.socket, request.url), request, response);
    });
    // A proxy keeps idle connections for reuse: it, not the backend, decides when to close one.
    this.#http.keepAliveTimeout = 15 * 60_000;
    this.#http.requestTimeout = 0;
    this.#http.on('upgrade', (request, socket: Socket, head) => {
      this.#requests++;
      const { failure } = this.#voiceFor(socket, request.url);
      if (failure !== undefined) {
        refuseChannel(name, failure, socket);
        return;
      }
      const slow = (): number => this.#behaviour.slow?.delayMs ?? 0;
      const conversation = new Conversation(name, this.#accepted, request, socket, slow);
      this.#held.set(socket, conversation);
      socket.on('close', () => this.#held.delete(socket));
      if (this.#deaf.has(socket)) return;
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

  stats(): {
    state: BackendState;
    behaviour: BackendBehaviour;
    connections: number;
    held: number;
    accepted: number;
    requests: number;
    checks: number;
    bytesIn: number;
    bytesOut: number;
  } {
    const open = [...this.#sockets];
    return {
      state: this.#state,
      behaviour: this.#behaviour,
      connections: this.#sockets.size,
      held: this.#held.size,
      accepted: this.#accepted,
      requests: this.#requests,
      checks: this.#checks,
      bytesIn: open.reduce((sum, { bytesRead }) => sum + bytesRead, this.#bytes.in),
      bytesOut: open.reduce((sum, { bytesWritten }) => sum + bytesWritten, this.#bytes.out),
    };
  }

  /** Changes parts of how it behaves; null ends one. */
  behave(change: { readonly [Part in keyof BackendBehaviour]: BackendBehaviour[Part] | null }): void {
    const before = this.#behaviour;
    const parts = Object.entries({ ...before, ...change }).filter(([, part]) => part !== null);
    this.#behaviour = Object.fromEntries(parts) as BackendBehaviour;
    const { errors, hang, halfOpen } = this.#behaviour;
    if (errors !== before.errors)
      this.#chance = errors === undefined ? () => 1 : seeded(errors.seed, `errors of ${this.name}`).next;
    if (halfOpen !== before.halfOpen) this.#forget(halfOpen === true);
    if (hang === before.hang) return;
    if (hang === true) this.#halt();
    else if (this.#state !== 'frozen') this.#goOn();
  }

  crash(): void {
    this.#state = 'crashed';
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#waiting = [];
    this.#behaviour = {};
    this.#deaf.clear();
    this.#release();
  }

  revive(): void {
    if (this.#state === 'crashed') this.#state = 'serving';
  }

  freeze(): void {
    if (this.#state !== 'serving') return;
    this.#state = 'frozen';
    this.#halt();
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'serving';
    if (this.#behaviour.hang === undefined) this.#goOn();
  }

  #halt(): void {
    if (this.#thawed !== undefined) return;
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve;
    });
    for (const conversation of this.#held.values()) conversation.pause();
  }

  #goOn(): void {
    this.#release();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) {
      if (socket.destroyed) continue;
      this.#http.emit('connection', socket);
      socket.resume();
    }
    for (const [socket, conversation] of this.#held) if (!this.#deaf.has(socket)) conversation.resume();
  }

  /** A machine that has forgotten its connections answers with a reset when it can be asked again. */
  #forget(begin: boolean): void {
    if (begin) {
      for (const socket of this.#sockets) this.#deaf.add(socket);
      for (const conversation of this.#held.values()) conversation.pause();
      return;
    }
    for (const socket of this.#deaf) socket.resetAndDestroy();
    this.#deaf.clear();
  }

  /** How it answers one request that came on this connection. */
  #voiceFor(socket: Socket, url = '/'): Voice {
    const { slow, errors } = this.#behaviour;
    const isCheck = isHealthCheck(url);
    const isHit = errors !== undefined && (errors.checks || !isCheck) && this.#chance() < errors.rate;
    const isDeaf = (): boolean => this.#deaf.has(socket);
    const isFrozen = (): Promise<void> | undefined => this.#thawed;
    return {
      name: this.name,
      delayMs: slow !== undefined && (slow.checks || !isCheck) ? slow.delayMs : 0,
      ...(isHit ? { failure: errors.status } : {}),
      get pause() {
        return isDeaf() ? forever : isFrozen();
      },
    };
  }

  #release(): void {
    this.#thaw?.();
    this.#thaw = undefined;
    this.#thawed = undefined;
  }

  #accept(socket: Socket): void {
    if (this.#state === 'crashed' || this.#behaviour.refuse === true) {
      socket.resetAndDestroy();
      return;
    }
    this.#accepted++;
    this.#sockets.add(socket);
    socket.on('error', ignore);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#bytes.in += socket.bytesRead;
      this.#bytes.out += socket.bytesWritten;
      this.#deaf.delete(socket);
    });
    if (this.#thawed !== undefined) {
      socket.pause();
      this.#waiting.push(socket);
    } else {
      this.#http.emit('connection', socket);
    }
  }
}

/** Connections that wait to be accepted: a ramp of thousands a second must not meet a full queue. */
const backlog = 4096;

const isHealthCheck = (url = '/'): boolean => url.startsWith('/healthcheck');

const forever = new Promise<void>(() => {});

/** A client may hang up at any time; what follows from it is seen at 'close'. */
const ignore = (): void => {};
