import { resolve } from 'node:path';
import { exitCodes, Interrupted } from '../../base/errors.ts';
import { Phases } from '../../base/phases.ts';
import type { HostName } from '../../hosts/contract.ts';
import { chooseHost, hostKinds } from '../../hosts/index.ts';
import { kinds, kindTable } from '../../kinds/index.ts';
import {
  bringDown,
  bringUp,
  type LeftOut,
  labPaths,
  leftOut,
  readState,
  requirementsOf,
  requirementsOfKinds,
} from '../../lab/index.ts';
import { loadTopology, planTopology, upkeepWarning } from '../../topology/index.ts';
import type { Context } from '../context.ts';
import { announceCleanup } from '../interrupt.ts';
import { plumbingOptions } from '../labs.ts';
import { table } from '../table.ts';

interface UpFlags {
  readonly lab?: string;
  readonly host: HostName | 'auto';
  readonly memory?: number;
  readonly keepFailed?: boolean;
  readonly plumbingOnly?: boolean;
}

export async function up(
  context: Context,
  file: string,
  { lab: name, host, memory, keepFailed = false, plumbingOnly = false }: UpFlags,
): Promise<number> {
  const phases = new Phases();
  phases.end('start');
  const topology = await loadTopology(file, kindTable);
  phases.end('load');
  const plan = planTopology(topology, kindTable);
  phases.end('plan');
  const lab = labPaths(name ?? topology.name);
  const hostKind = await chooseHost(
    host,
    plumbingOnly ? requirementsOfKinds([]) : requirementsOf(plan, { kinds }),
  );
  const warning = hostKind.name === 'uml' && !plumbingOnly ? upkeepWarning(plan, kindTable) : undefined;
  if (warning !== undefined) context.report({ type: 'warning', message: warning });
  announceCleanup(context);
  context.report({ type: 'step', message: `bringing up ${lab.name} on host ${hostKind.name}` });
  const options = plumbingOptions();
  let missed: readonly LeftOut[] = [];
  try {
    const live = await bringUp(plan, lab, {
      ...options,
      plumbingOnly,
      endPhase: (phase) => phases.end(phase),
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
    const { lacking } = (await readState(lab)) ?? {};
    if (lacking !== undefined) missed = leftOut(plan, lab, options, lacking);
  } catch (error) {
    const isOurs = !(error instanceof Error && 'code' in error && error.code === 'lab-exists');
    if (isOurs && keepFailed && !context.signal.aborted) {
      const message = `lab ${lab.name} is left as it is: look with \`tierlab ps\`, \`exec\`, \`logs\`; \`tierlab down ${lab.name}\` removes it`;
      context.report({ type: 'warning', message });
    } else if (isOurs)
      await bringDown(lab, hostKinds).catch((cause: unknown) => {
        // Why it did not come up is what there is to tell.
        const message = `could not clean up, use \`tierlab down ${lab.name}\`: ${String((cause as Error).message)}`;
        context.report({ type: 'warning', message });
      });
    throw context.signal.aborted ? new Interrupted('interrupted', { cause: error }) : error;
  }
  const [first] = plan.nodes.filter(({ kind }) => kind === 'ipvs');
  const what = plumbingOnly ? 'plumbed' : 'up';
  context.print(
    [
      `Lab ${lab.name} is ${what}: ${plan.nodes.length} nodes on ${plan.networks.length} networks (host ${hostKind.name}).`,
      ...(missed.length === 0 ? [] : ['', leftOutTable(missed)]),
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
    ...(plumbingOnly ? { leftOut: missed } : {}),
    ...phases.summary(),
  });
  return exitCodes.pass;
}

/** A line a feature. */
function leftOutTable(missed: readonly LeftOut[]): string {
  const rows = missed.map(({ what, count, nodes }) => [
    what,
    String(count),
    Object.entries(nodes)
      .map(([group, number]) => `${number} of ${group}`)
      .join(', '),
  ]);
  return table(['LEFT OUT', 'COUNT', 'NODES'], rows);
}
