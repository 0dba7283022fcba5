import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { backendHeader } from '../../base/channel.ts';

/** What an endpoint needs to know of its backend, for one request. */
export interface Voice {
  readonly name: string;
  /** What an answer must wait for before it says more; undefined: nothing. */
  readonly pause: Promise<void> | undefined;
  /** How much later the answer begins. */
  readonly delayMs: number;
  /** Status of an answer that says nothing else. */
  readonly failure?: number;
}

/** Answers one request. Everything said waits while the backend is frozen. */
export async function respond(
  voice: Voice,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader(backendHeader, voice.name);
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const [, name = '', argument] = path.split('/');
  try {
    if (voice.delayMs > 0) await delay(voice.delayMs);
    await voice.pause;
    const endpoint = endpoints.get(name);
    if (voice.failure !== undefined) end(response, voice.failure, 'this backend was told to fail\n');
    else if (endpoint === undefined)
      end(response, 404, `known: ${[...endpoints.keys()].map((key) => `/${key}`).join(' ')}\n`);
    else await endpoint({ voice, request, response, argument, query: new URLSearchParams(query) });
  } catch (error) {
    // The client hung up, or an answer had begun: nothing can be said any more.
    if (response.headersSent || response.destroyed) response.destroy();
    else end(response, 500, `${error}\n`);
  }
}

interface Exchange {
  readonly voice: Voice;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What follows the endpoint's name in the path. */
  readonly argument: string | undefined;
  readonly query: URLSearchParams;
}

const endpoints: ReadonlyMap<string, (exchange: Exchange) => Promise<void> | void> = new Map([
  ['', about],
  ['healthcheck', ({ response }: Exchange) => end(response, 200, 'ok\n')],
  ['bytes', bytes],
  ['delay', wait],
  ['status', status],
  ['echo', echo],
  ['stream', stream],
  [
    'held',
    ({ response }: Exchange) =>
      end(response, 426, 'asks for Upgrade: tierlab-held\n', { upgrade: 'tierlab-held' }),
  ],
]);

function about({ voice, request, response }: Exchange): void {
  const { method, url, headers, socket } = request;
  const client = `${socket.remoteAddress}:${socket.remotePort}`;
  const text = `${JSON.stringify({ backend: voice.name, client, method, url, headers }, undefined, 2)}\n`;
  end(response, 200, text, { 'content-type': 'application/json' });
}

/** `/bytes/N`: N bytes, up to 1 GiB, each the low byte of its offset. */
async function bytes({ voice, response, argument }: Exchange): Promise<void> {
  const wanted = integer(argument, 0, 1 << 30);
  if (wanted === undefined) return end(response, 400, '/bytes/N, N from 0 to 1073741824\n');
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': wanted });
  const block = Buffer.alloc(
    1 << 16,
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  for (let left = wanted; left > 0; left -= block.length)
    await say(voice, response, left < block.length ? block.subarray(0, left) : block);
  response.end();
}

/** `/delay/MS`: answers after so many milliseconds, up to ten minutes. */
async function wait({ voice, response, argument }: Exchange): Promise<void> {
  const ms = integer(argument, 0, 600_000);
  if (ms === undefined) return end(response, 400, '/delay/MS, MS from 0 to 600000\n');
  await delay(ms);
  await voice.pause;
  end(response, 200, `waited ${ms} ms\n`);
}

/** `/status/N`: answers with this status, 200 to 599. */
function status({ response, argument }: Exchange): void {
  const code = integer(argument, 200, 599);
  if (code === undefined) end(response, 400, '/status/N, N from 200 to 599\n');
  else end(response, code, code === 204 || code === 304 ? '' : `${code}\n`);
}

/** `/echo`: the upload comes back, its length and CRC-32 in trailers. `/echo?digest`: only those, in headers and as JSON. */
async function echo({ voice, request, response, query }: Exchange): Promise<void> {
  const silent = query.has('digest');
  if (!silent) {
    response.setHeader('content-type', request.headers['content-type'] ?? 'application/octet-stream');
    response.setHeader('trailer', 'x-tierlab-length, x-tierlab-crc32');
  }
  let length = 0;
  let sum = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    sum = crc32(chunk, sum);
    if (!silent) await say(voice, response, chunk);
  }
  await voice.pause;
  const digest = { 'x-tierlab-length': String(length), 'x-tierlab-crc32': sum.toString(16).padStart(8, '0') };
  if (silent) {
    const text = `${JSON.stringify({ backend: voice.name, length, crc32: digest['x-tierlab-crc32'] })}\n`;
    return end(response, 200, text, { ...digest, 'content-type': 'application/json' });
  }
  response.addTrailers(digest);
  response.end();
}

/** `/stream?every=MS&count=N`: a line each time (100 ms, endless). */
async function stream({ voice, response, query }: Exchange): Promise<void> {
  const every = integer(query.get('every') ?? '100', 1, 60_000);
  const count = integer(query.get('count') ?? '1000000', 1, 1_000_000);
  if (every === undefined || count === undefined)
    return end(response, 400, '/stream?every=MS&count=N, MS from 1 to 60000, N from 1 to 1000000\n');
  response.writeHead(200, { 'content-type': 'text/plain' });
  for (let i = 0; i < count && !response.destroyed; i++) {
    if (i > 0) await delay(every);
    await say(voice, response, Buffer.from(`${voice.name} ${i}\n`));
  }
  response.end();
}

/** Writes, and waits until the client takes it. @throws if the client is gone */
async function say(voice: Voice, response: ServerResponse, chunk: Buffer): Promise<void> {
  await voice.pause;
  if (response.destroyed) throw new Error('the client hung up');
  if (response.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

function end(
  response: ServerResponse,
  code: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function integer(text: string | undefined, least: number, most: number): number | undefined {
  const value = text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
