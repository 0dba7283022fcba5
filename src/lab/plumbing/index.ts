/**
 * Plan → what makes a lab. Pure. Processes are the cost (25 ms each in the guest): namespaces and links are made by one
 * `ip -batch` a namespace, all of them and all daemons started by one plumber.
 */
import { dirname, join } from 'node:path';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import { type LabPaths, logFile, netnsName } from '../paths.ts';
import { ownDaemons, runsPrograms, sharedDaemon, sharedFiles, sharedGroups } from './daemons.ts';
import { folders, nodeJobs, renderNode, withoutIpv6 } from './node.ts';
import { nodeStages } from './node-stages.ts';
import type { PlumbingOptions } from './options.ts';
import { type Job, plumberScript, type Stage, type Step, writeStages } from './plumber.ts';
import { batch, enter, lines, plumberFile, start, switchFile, upFile } from './steps.ts';
import { switchBatch } from './switch.ts';

export { ownDaemons, type PlacedDaemon, sharedDaemons } from './daemons.ts';
export { ipLines } from './node.ts';
export type { PlumbingOptions } from './options.ts';
export { batchFile } from './steps.ts';
export { removeCables, switchPort } from './switch.ts';

export interface Rendered {
  /** Absolute path → content. */
  readonly files: ReadonlyMap<string, string>;
  /** What makes everything, once the files are there. */
  readonly argv: readonly string[];
}

/** What makes a part of a lab: a command and its standard input. */
export interface Replumbing {
  readonly argv: readonly string[];
  readonly input: string;
}

/** What has to be done in the namespace of a node that stays. */
export interface Alteration {
  /** As it is to be. */
  readonly node: PlannedNode;
  /** Those that differ, by path below /proc/sys. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Lines for `ip`. */
  readonly ip: readonly string[];
}

/** Everything for a whole lab. */
export function plumbLab(plan: Plan, lab: LabPaths, options: PlumbingOptions): Rendered {
  const files = new Map<string, string>();
  for (const node of plan.nodes) renderNode(files, node, plan, lab, options);
  for (const network of plan.networks) files.set(switchFile(lab, network), switchBatch(network, lab));
  const names = [...plan.networks.map(({ name }) => name), ...plan.nodes.map(({ name }) => name)];
  const namespaces = join(lab.plumbing, 'namespaces.batch');
  files.set(namespaces, lines(names.map((name) => `netns add ${netnsName(lab, name)}`)));

  const groups = sharedGroups(plan, options.kinds);
  for (const { kind, nodes } of groups) {
    for (const [name, content] of Object.entries(sharedFiles(kind, nodes, plan, lab, options)))
      files.set(name, content);
  }
  const { lanes } = options;
  const stages: readonly Stage[] = [
    {
      lanes: 1,
      jobs: [[...plan.nodes.flatMap((node) => folders(node, plan, lab, options)), batch(namespaces)]],
    },
    {
      lanes,
      jobs: plan.networks.map((network) => [
        enter(lab, network.name),
        ...withoutIpv6,
        batch(switchFile(lab, network)),
      ]),
    },
    ...nodeStages(plan, lab, options),
  ];
  files.set(upFile(lab), writeStages(stages.filter(({ jobs }) => jobs.length > 0)));
  files.set(plumberFile(lab), plumberScript);
  return { files, argv: ['perl', plumberFile(lab), upFile(lab)] };
}

/** Makes one node again, after its namespace was removed: its namespace, its cables, what is in it. */
export function plumbNode(
  node: PlannedNode,
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): Replumbing {
  return plumbJobs(lab, nodeJobs(node, plan, lab, options));
}

/**
 * Changes a lab that is up: first the nodes that stay (what else is in them), then the new ones are made.
 * Expects the files of the new ones to be there.
 */
export function plumbChange(
  { added, changed }: { readonly added: readonly PlannedNode[]; readonly changed: readonly Alteration[] },
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): Replumbing {
  const alterations = changed.map(
    ({ node, sysctls, ip }): Job => [
      enter(lab, node.name),
      ...Object.entries(sysctls).map(([path, value]): Step => ({ do: 'sysctl', path, value })),
      ...ip.map((line): Step => ({ do: 'run', argv: ['ip', ...line.split(' ')] })),
    ],
  );
  return plumbJobs(lab, [
    ...alterations.filter((job) => job.length > 1),
    added.flatMap((node) => folders(node, plan, lab, options)),
    ...added.flatMap((node) => nodeJobs(node, plan, lab, options)),
    ...sharedGroups(plan, options.kinds)
      .filter(({ nodes }) => nodes.every((node) => added.includes(node)))
      .map(({ kind, nodes }) => [start(lab, sharedDaemon(kind, nodes, plan, lab, options))]),
  ]);
}

const plumbJobs = (lab: LabPaths, jobs: readonly Job[]): Replumbing => ({
  argv: ['perl', plumberFile(lab), '-'],
  input: writeStages([{ lanes: 1, jobs: jobs.filter((job) => job.length > 0) }]),
});

/** Starts one of a node's own daemons again, with further arguments behind its usual ones. */
export function plumbDaemon(
  node: PlannedNode,
  name: string,
  further: readonly string[],
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): Replumbing {
  const daemon = ownDaemons(node, plan, lab, options).find((own) => own.name === name);
  if (daemon === undefined) throw new Error(`${node.name} has no daemon ${name}`);
  const job = [enter(lab, node.name), start(lab, { ...daemon, argv: [...daemon.argv, ...further] })];
  return plumbJobs(lab, [job]);
}

/** Folders that must exist before the scripts run: of the files, and of the logs. */
export function directoriesOf(
  files: Rendered['files'],
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): string[] {
  const ofLogs = plan.nodes
    .filter((node) => runsPrograms(node, plan, lab, options))
    .map(({ name }) => dirname(logFile(lab, name, 'any')));
  return [...new Set([...[...files.keys()].map((file) => dirname(file)), ...ofLogs])];
}
