import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Does what only one process of a machine is to do at a time, whoever it belongs to. Who has the turn has a unix socket of this name in
 * the abstract namespace (unix(7)): there is no file, nobody else can have the name, and the kernel takes it back when the
 * process ends, however it does. Whoever was stopped while it had the turn is not waited for longer than `patienceMs`.
 * @param act it has to be done, as far as it matters to others, when it returns
 */
export async function inTurn<T>(name: string, patienceMs: number, act: () => T): Promise<T> {
  const turn = await takeTurn(`\0${name}`, patienceMs);
  try {
    return act();
  } finally {
    turn?.close();
  }
}

async function takeTurn(path: string, patienceMs: number): Promise<Server | undefined> {
  const start = performance.now();
  while (performance.now() - start < patienceMs) {
    const server = createServer();
    try {
      await once(server.listen({ path }), 'listening');
      return server;
    } catch (error) {
      // Where that is not possible at all, there are no turns.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return undefined;
    }
    await delay(10);
  }
  return undefined;
}
