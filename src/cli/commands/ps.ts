import { exitCodes } from '../../base/errors.ts';
import type { DaemonStatus, LiveLab } from '../../lab/index.ts';
import type { PlannedNode } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { withLab } from '../labs.ts';
import { table } from '../table.ts';

interface NodeStatus {
  readonly node: string;
  readonly kind: string;
  /** `up`; `frozen`: its daemons are stopped; `down`: a daemon is dead. */
  readonly state: 'up' | 'frozen' | 'down';
  readonly addresses: readonly string[];
  readonly daemons: readonly DaemonStatus[];
  readonly facts: readonly string[];
}

export async function ps(context: Context, { lab: name }: { lab?: string }): Promise<number> {
  return withLab(name, async (live, { lab, state }) => {
    const nodes = await Promise.all(live.plan.nodes.map((node) => statusOf(live, node)));
    context.printJson({
      lab: lab.name,
      host: state.host,
      topology: state.topologyFile,
      created: state.created,
      nodes,
    });
    const rows = nodes.map(({ node, kind, state: nodeState, addresses, daemons, facts }) => [
      node,
      kind,
      nodeState,
      addresses.join(' '),
      daemons.map(describeDaemon).join(' '),
      facts.join('; '),
    ]);
    const paint = (cell: string, column: number): string =>
      column !== 2 ? cell : cell.startsWith('up') ? context.colour.green(cell) : context.colour.red(cell);
    context.print(`Lab ${lab.name} on host ${state.host}, from ${state.topologyFile}\n`);
    context.print(table(['NODE', 'KIND', 'STATE', 'ADDRESSES', 'DAEMONS', 'AT A GLANCE'], rows, paint));
    return exitCodes.pass;
  });
}

async function statusOf(live: LiveLab, node: PlannedNode): Promise<NodeStatus> {
  const daemons = await live.daemons(node);
  const shared = await live
    .kindOf(node)
    .shared?.state(live.view(node))
    .catch(() => 'crashed' as const);
  const dead = daemons.some(({ state }) => state === 'dead') || shared === 'crashed';
  const frozen = daemons.some(({ state }) => state === 'stopped') || shared === 'frozen';
  const state = dead ? 'down' : frozen ? 'frozen' : 'up';
  const facts =
    state === 'up'
      ? await live.stats(node).then(
          (stats) => stats?.facts ?? [],
          (error: unknown) => [`does not answer: ${String((error as Error).message)}`],
        )
      : [];
  return {
    node: node.name,
    kind: node.kind,
    state,
    addresses: node.interfaces.map(({ address }) => address),
    daemons,
    facts,
  };
}

const describeDaemon = ({ name, pid, state }: DaemonStatus): string =>
  state === 'running' ? `${name}:${pid}` : `${name}:${state}`;
