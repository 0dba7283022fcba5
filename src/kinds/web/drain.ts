import type { Probe } from '../../base/until.ts';
import type { PlannedNode } from '../../topology/types.ts';
import type { Kind, LabView, NodeView, ServiceStep } from '../contract.ts';
import { proxying } from '../haproxy/proxying.ts';
import { parseServers, type ServerState, statsSocket } from '../haproxy/stats.ts';

/**
 * A backend is drained by those who send to it: every L7 node gives it no new connections and keeps those it has, also if it is
 * started anew. (HAProxy management.txt, 9.3: `set server … state drain`.)
 */
export const drain: NonNullable<Kind['drain']> = {
  out: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    {
      what: `${node.name} gets nothing new from any L7 node`,
      act: () => setState(lab, node, 'drain'),
      verify: () =>
        onAll(
          lab,
          node,
          ({ status }) => status.startsWith('DRAIN'),
          ({ status }) => status,
        ),
    },
    {
      what: `${node.name} has no sessions`,
      verify: () =>
        onAll(
          lab,
          node,
          ({ sessions }) => sessions === 0,
          ({ sessions }) => `${sessions} sessions`,
        ),
    },
  ],

  back: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    {
      what: `${node.name} is up on every L7 node`,
      act: () => setState(lab, node, 'ready'),
      verify: () =>
        onAll(
          lab,
          node,
          ({ status }) => status === 'UP',
          ({ status }) => status,
        ),
    },
  ],

  async tell(lab: LabView, node: PlannedNode, newcomer: PlannedNode): Promise<void> {
    if (isSender(node, newcomer)) await proxying.setBackend(lab, newcomer, node.name, 'drain');
  },
};

const isSender = ({ senders }: PlannedNode, { name }: PlannedNode): boolean =>
  senders.some((sender) => sender.kind === 'haproxy' && sender.node === name);

async function setState(lab: LabView, node: PlannedNode, state: 'drain' | 'ready'): Promise<void> {
  const proxies = await proxiesOf(lab, node);
  await Promise.all(proxies.map((view) => proxying.setBackend(lab, view.node, node.name, state)));
}

/** Is it so on every L7 node that runs? */
async function onAll(
  lab: LabView,
  node: PlannedNode,
  holds: (server: ServerState) => boolean,
  describe: (server: ServerState) => string,
): Promise<Probe> {
  const other = await Promise.all(
    (await proxiesOf(lab, node)).map(async (view) =>
      (await serversOf(view, node))
        .filter((server) => !holds(server))
        .map((server) => `${describe(server)} on ${view.node.name}`),
    ),
  );
  const saw = other.flat();
  return saw.length === 0 ? { ok: true, saw: 'all as wanted' } : { ok: false, saw: saw.join(', ') };
}

async function proxiesOf(lab: LabView, { senders }: PlannedNode): Promise<NodeView[]> {
  const names = new Set(senders.filter(({ kind }) => kind === 'haproxy').map(({ node }) => node));
  const proxies = lab.plan.nodes.filter(({ name }) => names.has(name));
  const alive = await Promise.all(proxies.map((proxy) => lab.alive(proxy)));
  return proxies.filter((_, i) => alive[i]).map((proxy) => lab.view(proxy));
}

const serversOf = async (view: NodeView, { name }: PlannedNode): Promise<ServerState[]> =>
  parseServers(await view.ask(statsSocket(view.paths), 'show stat -1 4 -1\n')).filter(
    (server) => server.name === name,
  );
