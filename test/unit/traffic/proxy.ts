import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a proxy does with each piece that the server sends down, the first (the HTTP head) being number 0. */
export type Meddle = (piece: Buffer, number: number, send: (piece: Buffer) => void) => void;

/** A TCP proxy that can meddle with what the server says. @returns its port and how to end it */
export async function startProxy(
  to: { address: string; port: number },
  meddle: Meddle,
): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to.port, to.address);
    let number = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream);
    upstream.on('data', (piece) => meddle(piece, number++, (out) => void client.write(out)));
    upstream.on('end', () => client.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
