import { exitCodes } from '../../base/errors.ts';
import type { DaemonStatus } from '../../lab/index.ts';
import type { Context } from '../context.ts';
import { withPlumbing } from '../labs.ts';
import { statusOf } from '../node-status.ts';
import { table } from '../table.ts';

export async function ps(context: Context, { lab: name }: { lab?: string }): Promise<number> {
  return withPlumbing(name, async (live, { lab, state }) => {
    const nodes = await Promise.all(live.plan.nodes.map((node) => statusOf(live, node)));
    context.printJson({
      lab: lab.name,
      host: state.host,
      topology: state.topologyFile,
      created: state.created,
      phase: state.phase,
      ...(state.lacking === undefined ? {} : { lacking: state.lacking }),
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
    const what = `${state.lacking === undefined ? '' : ', without daemons'}${state.phase === 'up' ? '' : ', which did not come up'}`;
    context.print(`Lab ${lab.name} on host ${state.host}, from ${state.topologyFile}${what}\n`);
    context.print(table(['NODE', 'KIND', 'STATE', 'ADDRESSES', 'DAEMONS', 'AT A GLANCE'], rows, paint));
    return exitCodes.pass;
  });
}

const describeDaemon = ({ name, pid, state }: DaemonStatus): string =>
  state === 'running' ? `${name}:${pid}` : `${name}:${state}`;
