/** What can be done to an L7 node while it runs: by HAProxy's stats socket (management.txt, 9.3) and by its configuration. */
import type { NodeView, Proxying } from '../contract.ts';
import { rewriteFile } from '../rewrite-file.ts';
import { haproxyConfig } from './config.ts';
import { keepStates } from './kept-states.ts';
import { haproxyFile } from './options.ts';
import { parseServers, type ServerState, statsSocket } from './stats.ts';

export const proxying: Proxying = {
  daemon: 'haproxy',

  // `-x` fetches the listening sockets, `-sf` tells the old process to finish what it has (management.txt, 3).
  takeOver: ({ paths }, pid) => ['-x', statsSocket(paths), '-sf', String(pid)],

  async pid(view) {
    const found = /^Pid: (\d+)$/m.exec(await view.ask(statsSocket(view.paths), 'show info\n'));
    if (found === null) throw new Error(`haproxy of ${view.node.name} does not say its pid`);
    return Number(found[1]);
  },

  backends: async (view) => (await askServers(view)).map(({ name, status }) => ({ backend: name, status })),

  async setBackend(lab, node, backend, state) {
    const view = lab.view(node);
    for (const server of await askServers(view)) {
      if (server.name !== backend) continue;
      const said = await view.ask(
        statsSocket(view.paths),
        `set server ${server.backend}/${backend} state ${state}\n`,
      );
      if (said.trim() !== '') throw new Error(`haproxy of ${node.name}: ${said.trim()}`);
    }
    await keepStates(lab, node);
  },

  configure: (view, options) => {
    const { node, paths } = view;
    const changed = { ...node, options: { ...node.options, ...options } };
    return rewriteFile(view, `${paths.files}/${haproxyFile}`, () => haproxyConfig(changed, paths));
  },
};

const askServers = async (view: NodeView): Promise<ServerState[]> =>
  parseServers(await view.ask(statsSocket(view.paths), 'show stat -1 4 -1\n'));
