import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { BackendBehaviour } from '../contract.ts';
import type { Backend, BackendState } from './backend.ts';

/** One line of JSON in; `node` is absent for `stats` of all. */
export interface ControlRequest {
  readonly do: 'crash' | 'revive' | 'freeze' | 'thaw' | 'behave' | 'state' | 'stats';
  readonly node?: string;
  /** For `behave`: parts that change; null ends one. */
  readonly behaviour?: { readonly [Part in keyof BackendBehaviour]: BackendBehaviour[Part] | null };
}

/** One line of JSON out. */
export type ControlAnswer =
  | { readonly error: string }
  | { readonly backends: Readonly<Record<string, BackendStats>> };

export interface BackendStats {
  readonly state: BackendState;
  readonly behaviour: BackendBehaviour;
  /** Open now. */
  readonly connections: number;
  /** Of those, held channels. */
  readonly held: number;
  /** Since the start. */
  readonly accepted: number;
  /** Health checks left out. */
  readonly requests: number;
  readonly checks: number;
  /** Of all connections since the start, health checks included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Listens on a unix socket; every line is answered by one line. @throws (as the promise) if it cannot listen */
export function serveControl(path: string, backends: ReadonlyMap<string, Backend>): Promise<void> {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) socket.write(`${JSON.stringify(answer(line, backends))}\n`);
    });
  });
  return new Promise((resolve, reject) => {
    server.on('error', (error) => reject(new Error(`cannot listen on ${path}: ${error.message}`)));
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve();
    });
  });
}

function answer(line: string, backends: ReadonlyMap<string, Backend>): ControlAnswer {
  let request: Partial<ControlRequest>;
  try {
    request = JSON.parse(line);
  } catch {
    return { error: `not JSON: ${line.slice(0, 100)}` };
  }
  const { do: action, node } = request;
  const chosen = node === undefined ? [...backends.values()] : [backends.get(node)];
  const found = chosen.filter((backend) => backend !== undefined);
  if (found.length === 0) return { error: `no backend ${node}` };
  switch (action) {
    case 'crash':
    case 'revive':
    case 'freeze':
    case 'thaw':
      if (node === undefined) return { error: `${action} which node?` };
      for (const backend of found) backend[action]();
      break;
    case 'behave':
      if (node === undefined) return { error: 'behave which node?' };
      for (const backend of found) backend.behave(request.behaviour ?? {});
      break;
    case 'state':
    case 'stats':
      break;
    default:
      return { error: `unknown: ${action}` };
  }
  return { backends: Object.fromEntries(found.map((backend) => [backend.name, backend.stats()])) };
}
