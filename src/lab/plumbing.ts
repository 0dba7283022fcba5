/**
 * Plan → the scripts that make a lab. Pure. Processes are the cost (25 ms each in the guest), so namespaces
 * and links are made by one `ip -batch` a namespace, and a node's daemons are started by the shell that is already
 * in its namespace. The scripts hold names and addresses that the topology stage has checked; strings that go through a
 * shell are quoted all the same.
 */
import { dirname, join } from 'node:path';
import type { Daemon, Kind } from '../kinds/contract.ts';
import type { Plan, PlannedNetwork, PlannedNode } from '../topology/types.ts';
import { type LabPaths, logFile, netnsName, netnsPath, nodePaths, type Programs, pidFile } from './paths.ts';

export interface Rendered {
  /** Absolute path → content. */
  readonly files: ReadonlyMap<string, string>;
  /** The script that makes everything, run by one `sh`. */
  readonly script: string;
}

type Kinds = Readonly<Record<string, Kind>>;

export interface PlumbingOptions {
  readonly kinds: Kinds;
  readonly programs: Programs;
  /** How many nodes are plumbed at once: past four the kernel's rtnl lock makes it slower. */
  readonly lanes: number;
}

/** A daemon with the node under whose name its log and pid file are kept. */
export interface PlacedDaemon extends Daemon {
  readonly node: string;
}

/** Everything for a whole lab. */
export function plumbLab(plan: Plan, lab: LabPaths, options: PlumbingOptions): Rendered {
  const files = new Map<string, string>();
  for (const node of plan.nodes) renderNode(files, node, plan, lab, options);
  for (const network of plan.networks) files.set(switchFile(lab, network), switchBatch(network, lab));
  const names = [...plan.networks.map(({ name }) => name), ...plan.nodes.map(({ name }) => name)];
  const namespaces = join(lab.plumbing, 'namespaces.batch');
  files.set(namespaces, lines(names.map((name) => `netns add ${netnsName(lab, name)}`)));

  const shared = sharedGroups(plan, options.kinds).map(({ kind, nodes }) => {
    const daemon = sharedDaemon(kind, nodes, plan, lab, options);
    const path = join(lab.plumbing, `shared-${daemon.name}.sh`);
    for (const [name, content] of Object.entries(sharedFiles(kind, nodes, plan, lab, options)))
      files.set(name, content);
    files.set(path, lines(startDaemon(lab, daemon)));
    return `. ${quote(path)}`;
  });
  const script = lines([
    'set -e',
    raiseFileLimit,
    makeDirectories(plan.nodes.map(({ name }) => `${lab.runtime}/${name}`)),
    `ip -batch ${quote(namespaces)}`,
    ...inLanes(
      plan.networks.map((network) => enterSwitch(lab, network)),
      options.lanes,
    ),
    ...shared,
    ...inLanes(
      plan.nodes.map((node) => enterNode(lab, node, plan, options)),
      options.lanes,
    ),
    ...hurry(plan.nodes, plan, lab, options),
  ]);
  files.set(join(lab.plumbing, 'up.sh'), script);
  return { files, script };
}

/** Makes one node again, after its namespace was removed: its namespace, its cables, what is in it. */
export function plumbNode(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): string {
  const cables = node.interfaces.flatMap(({ network }) => {
    const found = plan.networks.find(({ name }) => name === network);
    const member = found?.members.find((candidate) => candidate.node === node.name);
    return found === undefined || member === undefined
      ? []
      : [{ network: found, batch: lines(cable(found, member, lab)) }];
  });
  return lines([
    'set -e',
    raiseFileLimit,
    `ip netns add ${netnsName(lab, node.name)}`,
    ...cables.map(
      ({ network, batch }) => `printf %s ${quote(batch)} | ip -n ${netnsName(lab, network.name)} -batch -`,
    ),
    enterNode(lab, node, plan, options),
    ...hurry([node], plan, lab, options),
  ]);
}

/** Daemons of a node that are its own (not shared with the others of its kind). */
export function ownDaemons(
  node: PlannedNode,
  plan: Plan,
  lab: LabPaths,
  { kinds, programs }: PlumbingOptions,
): PlacedDaemon[] {
  const kind = kinds[node.kind];
  return (kind?.daemons(node, plan, nodePaths(lab, node.name, programs)) ?? []).map((daemon) => ({
    ...daemon,
    node: node.name,
  }));
}

/** Daemons that serve all nodes of a kind; kept under the name of the first of them. */
export function sharedDaemons(
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): { kind: string; daemon: PlacedDaemon }[] {
  return sharedGroups(plan, options.kinds).map(({ kind, nodes }) => ({
    kind: kind.traits.name,
    daemon: sharedDaemon(kind, nodes, plan, lab, options),
  }));
}

/** Shell lines that start a node's own daemons in the background; to be run in its namespace. */
function startDaemons(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): string[] {
  return ownDaemons(node, plan, lab, options).flatMap((daemon) => startDaemon(lab, daemon));
}

/** The port of a node on a network's switch carries the node's name. */
export function switchPort(lab: LabPaths, network: string, node: string): { netns: string; port: string } {
  return { netns: netnsName(lab, network), port: node };
}

function renderNode(
  files: Map<string, string>,
  node: PlannedNode,
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): void {
  const kind = options.kinds[node.kind];
  if (kind === undefined) return;
  const paths = nodePaths(lab, node.name, options.programs);
  for (const [name, content] of Object.entries(kind.render(node, plan, paths)))
    files.set(join(paths.files, name), content);
  files.set(batchFile(lab, node), nodeBatch(node, kind, plan));
  if (needsShell(node, plan, lab, options))
    files.set(scriptFile(lab, node), nodeScript(node, kind, plan, lab, options));
}

function nodeBatch(node: PlannedNode, kind: Kind, plan: Plan): string {
  return lines([
    'link set lo up',
    // No IPv6 link-local addresses: they cost duplicate address detection and multicast on every link.
    ...node.interfaces.flatMap(({ name, address, prefixLength }) => [
      `address add ${address}/${prefixLength} dev ${name}`,
      `link set ${name} addrgenmode none up`,
    ]),
    ...(node.sources === undefined ? [] : [`route add local ${node.sources} dev lo`]),
    ...node.routes.map(({ to, via, interface: device }) => `route add ${to} via ${via} dev ${device}`),
    ...kind.ipBatch(node, plan),
  ]);
}

function nodeScript(
  node: PlannedNode,
  kind: Kind,
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): string {
  return lines([
    'set -e',
    ...Object.entries(kind.sysctls(node, plan)).map(
      ([path, value]) => `echo ${quote(value)} >/proc/sys/${path}`,
    ),
    `ip -batch ${quote(batchFile(lab, node))}`,
    ...startDaemons(node, plan, lab, options),
  ]);
}

function startDaemon(lab: LabPaths, { node, name, argv, env = {} }: PlacedDaemon): string[] {
  const assignments = Object.entries(env).map(([key, value]) => `${key}=${quote(value)}`);
  return [
    `${[...assignments, ...argv.map(quote)].join(' ')} </dev/null >>${quote(logFile(lab, node, name))} 2>&1 &`,
    `echo $! >${pidFile(lab, node, name)}`,
  ];
}

/** One process for all urgent daemons. One that has died already is the ready probe's to report. */
function hurry(nodes: readonly PlannedNode[], plan: Plan, lab: LabPaths, options: PlumbingOptions): string[] {
  const urgent = nodes
    .flatMap((node) => ownDaemons(node, plan, lab, options))
    .filter((daemon) => daemon.urgent);
  if (urgent.length === 0) return [];
  const pids = urgent.map(({ node, name }) => pidFile(lab, node, name));
  return [`renice -n ${urgentPriority} -p $(cat ${pids.join(' ')}) >/dev/null || true`];
}

const urgentPriority = -15;

function switchBatch(network: PlannedNetwork, lab: LabPaths): string {
  return lines([
    `link add name ${network.name} mtu ${network.mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${network.name} addrgenmode none up`,
    ...network.members.flatMap((member) => cable(network, member, lab)),
  ]);
}

/**
 * One request makes both ends of a cable, plugs one into the bridge and puts the other into the node. (The kernel takes
 * the address generation mode only of a link that exists, hence the second request.)
 */
function cable(
  network: PlannedNetwork,
  { node, interface: name, mac }: PlannedNetwork['members'][number],
  lab: LabPaths,
): string[] {
  return [
    `link add name ${node} mtu ${network.mtu} master ${network.name} type veth ` +
      `peer name ${name} mtu ${network.mtu} address ${mac} netns ${netnsName(lab, node)}`,
    `link set ${node} addrgenmode none up`,
  ];
}

const enterSwitch = (lab: LabPaths, network: PlannedNetwork): string =>
  `ip -n ${netnsName(lab, network.name)} -batch ${quote(switchFile(lab, network))}`;

function enterNode(lab: LabPaths, node: PlannedNode, plan: Plan, options: PlumbingOptions): string {
  return needsShell(node, plan, lab, options)
    ? `nsenter --net=${netnsPath(lab, node.name)} sh ${quote(scriptFile(lab, node))}`
    : `ip -n ${netnsName(lab, node.name)} -batch ${quote(batchFile(lab, node))}`;
}

function needsShell(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): boolean {
  const kind = options.kinds[node.kind];
  return (
    kind !== undefined &&
    (Object.keys(kind.sysctls(node, plan)).length > 0 || ownDaemons(node, plan, lab, options).length > 0)
  );
}

/** Deals commands out to background shells; fails if one of them does. */
function inLanes(commands: readonly string[], lanes: number): string[] {
  const count = Math.min(lanes, commands.length);
  if (count <= 1) return [...commands];
  const numbers = Array.from({ length: count }, (_, lane) => lane);
  return [
    ...numbers.map((lane) => {
      const share = commands.filter((_, i) => i % count === lane);
      return `(set -e; ${share.join('; ')}) & lane${lane}=$!`;
    }),
    ...numbers.map((lane) => `wait $lane${lane}`),
  ];
}

function sharedGroups(plan: Plan, kinds: Kinds): { kind: Kind; nodes: PlannedNode[] }[] {
  return Object.values(kinds).flatMap((kind) => {
    const nodes = plan.nodes.filter((node) => node.kind === kind.traits.name);
    return kind.shared === undefined || nodes.length === 0 ? [] : [{ kind, nodes }];
  });
}

function sharedDaemon(
  kind: Kind,
  nodes: readonly PlannedNode[],
  plan: Plan,
  lab: LabPaths,
  { programs }: PlumbingOptions,
): PlacedDaemon {
  const [first] = nodes;
  if (kind.shared === undefined || first === undefined)
    throw new Error(`kind ${kind.traits.name} shares no daemon`);
  const paths = nodePaths(lab, first.name, programs);
  return { ...kind.shared.daemon(nodes, plan, paths, (node) => netnsPath(lab, node)), node: first.name };
}

function sharedFiles(
  kind: Kind,
  nodes: readonly PlannedNode[],
  plan: Plan,
  lab: LabPaths,
  { programs }: PlumbingOptions,
): Record<string, string> {
  const [first] = nodes;
  if (kind.shared?.files === undefined || first === undefined) return {};
  const paths = nodePaths(lab, first.name, programs);
  const files = kind.shared.files(nodes, plan, paths, (node) => netnsPath(lab, node));
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [join(paths.files, name), content]),
  );
}

/** A connection is a file: HAProxy refuses to start below twice its maxconn. Without the right to, the limit stays. */
const raiseFileLimit = 'ulimit -n 65536 2>/dev/null || true';

const switchFile = (lab: LabPaths, network: PlannedNetwork): string =>
  join(lab.plumbing, `${network.name}.batch`);
const batchFile = (lab: LabPaths, node: PlannedNode): string => join(lab.plumbing, `${node.name}.batch`);
const scriptFile = (lab: LabPaths, node: PlannedNode): string => join(lab.plumbing, `${node.name}.sh`);
const makeDirectories = (paths: readonly string[]): string => `mkdir -p ${paths.map(quote).join(' ')}`;
const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;

/** Single quotes keep everything but themselves. */
const quote = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Folders that must exist before the scripts run: of the files, and of the logs. */
export function directoriesOf(rendered: Rendered, plan: Plan, lab: LabPaths): string[] {
  const ofLogs = plan.nodes.map(({ name }) => dirname(logFile(lab, name, 'any')));
  return [...new Set([...[...rendered.files.keys()].map((file) => dirname(file)), ...ofLogs])];
}
