/**
 * Plan → what makes a lab. Pure. Processes are the cost (25 ms each in the guest): namespaces and links are made by one
 * `ip -batch` a namespace, all of them and all daemons started by one plumber.
 */
import { dirname, join } from 'node:path';
import { addressesOf, eachOf, speaks } from '../base/families.ts';
import { familyOf } from '../base/ip.ts';
import type { Daemon, Kind } from '../kinds/contract.ts';
import type { Plan, PlannedNetwork, PlannedNode } from '../topology/types.ts';
import { type LabPaths, logFile, netnsName, netnsPath, nodePaths, type Programs, pidFile } from './paths.ts';
import { type Job, plumberScript, type Stage, type Step, writeStages } from './plumber.ts';

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

type Kinds = Readonly<Record<string, Kind>>;

export interface PlumbingOptions {
  readonly kinds: Kinds;
  readonly programs: Programs;
  /** How many nodes are plumbed at once: past four the kernel's rtnl lock makes it slower. */
  readonly lanes: number;
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
    // First what has timers of its own to wait for, while the rest is being started.
    { lanes, jobs: plan.nodes.map((node) => networkJob(node, plan, lab, options)) },
    {
      lanes: 1,
      jobs: groups.map(({ kind, nodes }) => [start(lab, sharedDaemon(kind, nodes, plan, lab, options))]),
    },
    ...(['then', 'last'] as const).map((turn) => ({
      lanes,
      jobs: plan.nodes
        .map((node) => daemonsJob(node, turn, plan, lab, options))
        .filter((job) => job.length > 1),
    })),
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

/** Jobs that follow one another. */
function nodeJobs(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): Job[] {
  const cables = node.interfaces.flatMap(({ network }) => {
    const found = plan.networks.find(({ name }) => name === network);
    const member = found?.members.find((candidate) => candidate.node === node.name);
    if (found === undefined || member === undefined) return [];
    const argv = ['ip', ...cable(found, member, lab).split(' ')];
    return [[enter(lab, network), { do: 'run', argv } as const]];
  });
  return [
    [{ do: 'run', argv: ['ip', 'netns', 'add', netnsName(lab, node.name)] }],
    ...cables,
    networkJob(node, plan, lab, options),
    daemonsJob(node, 'then', plan, lab, options),
    daemonsJob(node, 'last', plan, lab, options),
  ];
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
): { nodes: readonly string[]; daemon: PlacedDaemon }[] {
  return sharedGroups(plan, options.kinds).map(({ kind, nodes }) => ({
    nodes: nodes.map(({ name }) => name),
    daemon: sharedDaemon(kind, nodes, plan, lab, options),
  }));
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
  for (const { file, lines: content } of batchesOf(lab, node, kind, plan)) files.set(file, lines(content));
}

/** For sockets and pid files, of a node that runs something. */
function folders(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): Step[] {
  if (!runsPrograms(node, plan, lab, options)) return [];
  const { run, linked, files } = nodePaths(lab, node.name, options.programs);
  return [
    { do: 'folder', path: run },
    { do: 'link', path: linked, to: files },
  ];
}

/** A batch is of one family where `ip` cannot tell it from the line: such lines begin with `-6`, and have a batch of their own. */
function batchesOf(
  lab: LabPaths,
  node: PlannedNode,
  kind: Kind,
  plan: Plan,
): { readonly file: string; readonly flags: readonly string[]; readonly lines: readonly string[] }[] {
  const all = ipLines(node, kind, plan);
  const six = all.filter((line) => line.startsWith(sixth)).map((line) => line.slice(sixth.length));
  const others = all.filter((line) => !line.startsWith(sixth));
  const first = { file: batchFile(lab, node), flags: [], lines: others };
  return six.length === 0
    ? [first]
    : [first, { file: join(lab.plumbing, `${node.name}.6.batch`), flags: ['-6'], lines: six }];
}

const sixth = '-6 ';

/** Lines for `ip -batch` in a node's namespace, once its cables are plugged in; those that begin with `-6` for `ip -6 -batch`. */
export function ipLines(node: PlannedNode, kind: Kind, plan: Plan): string[] {
  return [
    'link set lo up',
    ...node.interfaces.flatMap((each) => [
      ...addressesOf(each).map(({ address, prefixLength }) => {
        const noDetection = familyOf(address) === 'ipv4' ? '' : ' nodad';
        return `address add ${address}/${prefixLength} dev ${each.name}${noDetection}`;
      }),
      `link set ${each.name} up`,
    ]),
    ...eachOf(node.sources).map((prefix) => `route add local ${prefix} dev lo`),
    ...node.routes.map(({ to, via, interface: device }) => `route add ${to} via ${via} dev ${device}`),
    ...kind.ipBatch(node, plan),
  ];
}

/** A node as part of the network: sysctls, addresses, routes, and the daemons whose packets are on a timer. */
function networkJob(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): Job {
  const kind = options.kinds[node.kind];
  if (kind === undefined) throw new Error(`no kind ${node.kind}`);
  const sysctls = kind.sysctls(node, plan);
  return [
    enter(lab, node.name),
    ...(speaks(node, 'ipv6') ? withIpv6(node) : withoutIpv6),
    ...Object.entries(sysctls).map(([path, value]): Step => ({ do: 'sysctl', path, value })),
    ...batchesOf(lab, node, kind, plan).map(({ file, flags }) => batch(file, flags)),
    ...daemonsJob(node, 'first', plan, lab, options).slice(1),
  ];
}

/** Those of a node's daemons whose turn it is. */
function daemonsJob(
  node: PlannedNode,
  turn: 'first' | 'then' | 'last',
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): Job {
  const daemons = ownDaemons(node, plan, lab, options).filter(
    ({ urgent = false, late = false }) => turn === (late ? 'last' : urgent ? 'first' : 'then'),
  );
  return [enter(lab, node.name), ...daemons.map((daemon) => start(lab, daemon))];
}

const runsPrograms = (node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): boolean =>
  options.kinds[node.kind]?.shared !== undefined || ownDaemons(node, plan, lab, options).length > 0;

const enter = (lab: LabPaths, nodeOrNetwork: string): Step => ({
  do: 'enter',
  path: netnsPath(lab, nodeOrNetwork),
});

const batch = (file: string, flags: readonly string[] = []): Step => ({
  do: 'run',
  argv: ['ip', ...flags, '-batch', file],
});

const start = (lab: LabPaths, { node, name, argv, urgent = false }: PlacedDaemon): Step => ({
  do: 'start',
  argv,
  log: logFile(lab, node, name),
  pidFile: pidFile(lab, node, name),
  priority: urgent ? urgentPriority : 0,
});

const urgentPriority = -15;

/** No link-local addresses: they cost duplicate address detection and multicast on every link. */
const withoutIpv6: readonly Step[] = ['all', 'default'].map((scope) => ({
  do: 'sysctl',
  path: `net/ipv6/conf/${scope}/disable_ipv6`,
  value: '1',
  ifThere: true,
}));

/**
 * On the interfaces whose networks have IPv6, and no others (Linux Documentation/networking/ip-sysctl.rst): nothing waits for duplicate
 * address detection, nobody listens to router advertisements or asks for them, and addresses stay when a link goes down.
 * `default` is for interfaces that are yet to come: tunnels and dummies.
 */
function withIpv6(node: PlannedNode): Step[] {
  const set = (scope: string, settings: Readonly<Record<string, string>>): Step[] =>
    Object.entries(settings).map(([name, value]) => ({
      do: 'sysctl',
      path: `net/ipv6/conf/${scope}/${name}`,
      value,
    }));
  const own = { accept_dad: '0', accept_ra: '0', router_solicitations: '0', keep_addr_on_down: '1' };
  return [
    ...set('all', { disable_ipv6: '0', ...own }),
    ...set('default', { disable_ipv6: '0', ...own }),
    ...node.interfaces.flatMap((each) =>
      set(each.name, speaks({ interfaces: [each] }, 'ipv6') ? own : { disable_ipv6: '1' }),
    ),
  ];
}

/** The bridge goes up last: one that is up looks at all its ports whenever one comes (Linux net/bridge/br_stp.c, br_port_state_selection). */
function switchBatch(network: PlannedNetwork, lab: LabPaths): string {
  return lines([
    `link add name ${network.name} mtu ${network.mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    ...network.members.map((member) => cable(network, member, lab)),
    `link set ${network.name} up`,
  ]);
}

/**
 * One request makes both ends of a cable, plugs one into the bridge and puts the other into the node. A veth device has a queue for
 * each processor of the machine if nobody says otherwise (Linux drivers/net/veth.c, veth_get_num_queues), and each costs memory,
 * files in sysfs, and half of the time on a machine of four.
 */
function cable(
  network: PlannedNetwork,
  { node, interface: name, mac }: PlannedNetwork['members'][number],
  lab: LabPaths,
): string {
  return (
    `link add name ${node} mtu ${network.mtu} ${oneQueue} master ${network.name} up type veth ` +
    `peer name ${name} mtu ${network.mtu} ${oneQueue} address ${mac} netns ${netnsName(lab, node)}`
  );
}

const oneQueue = 'numtxqueues 1 numrxqueues 1';

/** Nodes that have a process in common: those that were there first, and each of the others alone. */
function sharedGroups(plan: Plan, kinds: Kinds): { kind: Kind; nodes: PlannedNode[] }[] {
  return Object.values(kinds).flatMap((kind) => {
    if (kind.shared === undefined) return [];
    const all = plan.nodes.filter((node) => node.kind === kind.traits.name);
    const [first, later] = [false, true].map((wanted) =>
      all.filter(({ joined = false }) => joined === wanted),
    );
    const groups = [first ?? [], ...(later ?? []).map((node) => [node])];
    return groups.filter((nodes) => nodes.length > 0).map((nodes) => ({ kind, nodes }));
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

const upFile = (lab: LabPaths): string => join(lab.plumbing, 'up.steps');
const plumberFile = (lab: LabPaths): string => join(lab.plumbing, 'plumber.pl');
const switchFile = (lab: LabPaths, network: PlannedNetwork): string =>
  join(lab.plumbing, `${network.name}.batch`);
export const batchFile = (lab: LabPaths, node: PlannedNode): string =>
  join(lab.plumbing, `${node.name}.batch`);
const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;

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
