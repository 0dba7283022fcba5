import { dirname, join } from 'node:path';
import { z } from 'zod';
import { addressesOf } from '../../base/families.ts';
import type { Measures, PlannedNode } from '../../topology/types.ts';
import type { Kind, NodeView } from '../contract.ts';
import type { BackendStats, ControlAnswer, ControlRequest } from './control.ts';
import { drain } from './drain.ts';
import { openerScript } from './opener.ts';

const name = 'web';
const openerFile = 'web-opener.pl';
const listFile = 'web.list';
const socketFile = 'web.sock';

const webMeasures: Measures = {
  connections: { type: 'gauge', meaning: 'connections of proxies that are open' },
  held: { type: 'gauge', meaning: 'held connections' },
  requests: { type: 'counter', meaning: 'requests, health checks left out' },
  checks: { type: 'counter', meaning: 'health checks' },
  bytes_in: { type: 'counter', meaning: 'bytes from proxies, health checks included' },
  bytes_out: { type: 'counter', meaning: 'bytes to proxies, health checks included' },
};

/**
 * The backends: one Node process serves them all, through a listening socket in each node's namespace. It has to have them when
 * it starts; a backend that joins later has a process of its own.
 */
export const web: Kind = {
  traits: {
    name,
    summary: 'HTTP backend with endpoints for tests and the held channel',
    options: z.object({}),
    keys: {},
    bgp: 'none',
    measures: webMeasures,
    drains: true,
  },
  modules: [],
  programs: [{ command: 'perl', debianPackage: 'perl-base' }],
  render: () => ({}),
  ipBatch: () => [],
  sysctls: () => ({}),
  daemons: () => [],
  ready: async (view) => {
    try {
      const { state } = await ask(view, 'state');
      return { ok: state === 'serving', saw: state };
    } catch (error) {
      return { ok: false, saw: error instanceof Error ? error.message : String(error) };
    }
  },
  shared: {
    daemon: (_nodes, _plan, paths) => ({
      name,
      argv: [
        'perl',
        join(paths.files, openerFile),
        join(paths.files, listFile),
        paths.node,
        join(paths.programs, 'web.js'),
        join(paths.files, listFile),
        join(paths.run, socketFile),
      ],
    }),
    files: (nodes, _plan, _paths, netnsPath) => ({
      [openerFile]: openerScript,
      [listFile]: nodes
        .flatMap((node) =>
          listeners(node).map((socket) => [node.name, ...socket, netnsPath(node.name)].join('\t')),
        )
        .map((line) => `${line}\n`)
        .join(''),
    }),
    control: async (view, action) => {
      await ask(view, action);
    },
    state: async (view) => (await ask(view, 'state')).state,
    behave: async (view, change) => {
      const parts = Object.entries(change).map(([part, value]) => [part, value ?? null]);
      return (await ask(view, 'behave', Object.fromEntries(parts))).behaviour;
    },
  },
  drain,
  measure: async (view) => {
    const { connections, held, requests, checks, bytesIn, bytesOut } = await ask(view, 'stats');
    return { connections, held, requests, checks, bytes_in: bytesIn, bytes_out: bytesOut };
  },
  stats: async (view) => {
    const { state, connections, held, requests } = await ask(view, 'stats');
    return { facts: [state, `${connections} connections (${held} held)`, `${requests} requests`] };
  },
};

/** Every address of the node with the port of every service that reaches it (80 without one). */
function listeners({ interfaces, services }: PlannedNode): (readonly [string, number])[] {
  const ports = services.length === 0 ? [80] : [...new Set(services.map(({ port }) => port))];
  return interfaces
    .flatMap(addressesOf)
    .flatMap(({ address }) => ports.map((port) => [address, port] as const));
}

/**
 * The control socket is in the run folder of the first of those whom its process serves: the run folders of a lab's nodes are
 * side by side, each with its node's name.
 */
function controlSocket({ node, plan, paths }: NodeView): string {
  const first = plan.nodes.find(({ kind, joined = false }) => kind === name && !joined);
  return join(dirname(paths.run), (node.joined === true ? node : first)?.name ?? name, socketFile);
}

/** @throws if the server is not there or does not know the node */
async function ask(
  view: NodeView,
  action: ControlRequest['do'],
  behaviour?: ControlRequest['behaviour'],
): Promise<BackendStats> {
  const { node } = view;
  const request: ControlRequest = {
    do: action,
    node: node.name,
    ...(behaviour === undefined ? {} : { behaviour }),
  };
  const text = await view.ask(controlSocket(view), `${JSON.stringify(request)}\n`, (answer) =>
    answer.endsWith('\n'),
  );
  const answer: ControlAnswer = JSON.parse(text);
  if ('error' in answer) throw new Error(`web server: ${answer.error}`);
  const stats = answer.backends[node.name];
  if (stats === undefined) throw new Error(`web server does not know ${node.name}`);
  return stats;
}
