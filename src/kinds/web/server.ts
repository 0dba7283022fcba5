/**
 * The program that serves all backends of a lab: `node web.js LIST SOCKET FD,FD,…`.
 * LIST has a line for each listening socket (node, address, port, namespace; tabs between); the opener has opened
 * them in this order and left them as the file descriptors named. SOCKET is where to listen for control.
 */
import { readFileSync } from 'node:fs';
import { Backend } from './backend.ts';
import { serveControl } from './control.ts';

const [list = '', socket = '', fds = ''] = process.argv.slice(2);
const backends = new Map<string, Backend>();
const listening = readFileSync(list, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line, i) => {
    const [node = '', address, port] = line.split('\t');
    const backend = backends.get(node) ?? new Backend(node);
    backends.set(node, backend);
    return backend.listen(Number(fds.split(',')[i])).catch((error: Error) => {
      throw new Error(`${node}: cannot listen on ${address}:${port}: ${error.message}`);
    });
  });

try {
  await Promise.all(listening);
  await serveControl(socket, backends);
  process.stdout.write(`serving ${[...backends.keys()].join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
process.on('SIGTERM', () => process.exit(0));
