import { resolve } from 'node:path';
import { exitCodes, Interrupted } from '../../base/errors.ts';
import type { HostName } from '../../hosts/contract.ts';
import { chooseHost, hostKinds } from '../../hosts/index.ts';
import { kinds, kindTable } from '../../kinds/index.ts';
import { bringDown, bringUp, labPaths, requirementsOf } from '../../lab/index.ts';
import { loadTopology, planTopology } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { announceCleanup } from '../interrupt.ts';
import { plumbingOptions } from '../labs.ts';

interface UpFlags {
  readonly lab?: string;
  readonly host: HostName | 'auto';
  readonly memory?: number;
  readonly keepFailed?: boolean;
}

export async function up(
  context: Context,
  file: string,
  { lab: name, host, memory, keepFailed = false }: UpFlags,
): Promise<number> {
  const topology = await loadTopology(file, kindTable);
  const plan = planTopology(topology, kindTable);
  const lab = labPaths(name ?? topology.name);
  const hostKind = await chooseHost(host, requirementsOf(plan, { kinds }));
  announceCleanup(context);
  context.report({ type: 'step', message: `bringing up ${lab.name} on host ${hostKind.name}` });
  try {
    const live = await bringUp(plan, lab, {
      ...plumbingOptions(),
      hostKind,
      topologyFile: resolve(file),
      report: context.report,
      signal: context.signal,
      ...(memory === undefined ? {} : { memoryMb: memory }),
    });
    if (live === 'already') {
      context.print(`Lab ${lab.name} is up already; nothing was changed.`);
      context.printJson({ lab: lab.name, already: true });
      return exitCodes.pass;
    }
    await live.host.disconnect();
  } catch (error) {
    const isOurs = !(error instanceof Error && 'code' in error && error.code === 'lab-exists');
    if (isOurs && (!keepFailed || context.signal.aborted)) await bringDown(lab, hostKinds);
    throw context.signal.aborted ? new Interrupted('interrupted', { cause: error }) : error;
  }
  const [first] = plan.nodes.filter(({ kind }) => kind === 'ipvs');
  context.print(
    [
      `Lab ${lab.name} is up: ${plan.nodes.length} nodes on ${plan.networks.length} networks (host ${hostKind.name}).`,
      '',
      `  tierlab ps                  the nodes and how they are`,
      `  tierlab shell ${(first ?? plan.nodes[0])?.name ?? 'NODE'}          look around in one`,
      `  tierlab down ${lab.name}     remove it all`,
    ].join('\n'),
  );
  context.printJson({
    lab: lab.name,
    already: false,
    host: hostKind.name,
    nodes: plan.nodes.map((node) => node.name),
  });
  return exitCodes.pass;
}
