/** A node: what is in its namespace, in the order in which it has to come. */
import { join } from 'node:path';
import { addressesOf, eachOf, speaks } from '../../base/families.ts';
import { hashSeed } from '../../base/hash-seed.ts';
import { familyOf } from '../../base/ip.ts';
import type { Kind } from '../../kinds/contract.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import { type LabPaths, netnsName, nodePaths } from '../paths.ts';
import { ownDaemons, runsPrograms } from './daemons.ts';
import type { PlumbingOptions } from './options.ts';
import type { Job, Step } from './plumber.ts';
import { batch, batchFile, enter, lines, start } from './steps.ts';
import { cable } from './switch.ts';

/** Jobs that follow one another. */
export function nodeJobs(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): Job[] {
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
    ...(['first', 'then', 'last'] as const).map((turn) => daemonsJob(node, turn, plan, lab, options)),
  ];
}

export function renderNode(
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
export function folders(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): Step[] {
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

/** A node as part of the network: sysctls, addresses, routes. */
export function networkJob(node: PlannedNode, plan: Plan, lab: LabPaths, options: PlumbingOptions): Job {
  const kind = options.kinds[node.kind];
  if (kind === undefined) throw new Error(`no kind ${node.kind}`);
  const sysctls = kind.sysctls(node, plan);
  return [
    enter(lab, node.name),
    ...(speaks(node, 'ipv6') ? withIpv6(node) : withoutIpv6),
    { do: 'sysctl', ...hashSeed, ifThere: true },
    ...Object.entries(sysctls).map(([path, value]): Step => ({ do: 'sysctl', path, value })),
    ...batchesOf(lab, node, kind, plan).map(({ file, flags }) => batch(file, flags)),
  ];
}

export type Turn = 'first' | 'then' | 'last';

/** Those of a node's daemons whose turn it is; empty if it has none. */
export function daemonsJob(
  node: PlannedNode,
  turn: Turn,
  plan: Plan,
  lab: LabPaths,
  options: PlumbingOptions,
): Job {
  const daemons = ownDaemons(node, plan, lab, options).filter(
    ({ urgent = false, late = false }) => turn === (late ? 'last' : urgent ? 'first' : 'then'),
  );
  return daemons.length === 0 ? [] : [enter(lab, node.name), ...daemons.map((daemon) => start(lab, daemon))];
}

/** No link-local addresses: they cost duplicate address detection and multicast on every link. */
export const withoutIpv6: readonly Step[] = ['all', 'default'].map((scope) => ({
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
