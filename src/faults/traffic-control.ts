/**
 * What the kernel can do to packets on a cable (tc(8)). Towards the node they leave by the switch's port; from the node
 * by its own interface. Filters are all on the switch's ports, out of reach of what happens in the node.
 */
import { z } from 'zod';
import { type LiveLab, netnsName, switchPort } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';

/** Kernel modules of filters that drop. clsact is a part of sch_ingress. */
export const filterModules = ['sch_ingress', 'cls_matchall', 'cls_flower', 'act_gact'] as const;

export const directionField = z
  .enum(['both', 'to-node', 'from-node'])
  .default('both')
  .meta({ description: 'Which packets: those to the node, those from it, or both.' });

export type Direction = z.infer<typeof directionField>;

/** A device in a namespace, as arguments of `tc`. */
export interface Device {
  readonly netns: string;
  readonly device: string;
  readonly direction: Exclude<Direction, 'both'>;
}

/** Where packets of a direction leave by: queueing disciplines work there. */
export function egressDevices(
  lab: LiveLab,
  node: PlannedNode,
  network: string,
  direction: Direction,
): Device[] {
  const { netns, port } = switchPort(lab.paths, network, node.name);
  const name = node.interfaces.find((each) => each.network === network)?.name ?? network;
  const all: Device[] = [
    { netns, device: port, direction: 'to-node' },
    { netns: netnsName(lab.paths, node.name), device: name, direction: 'from-node' },
  ];
  return all.filter((each) => direction === 'both' || each.direction === direction);
}

/** A rule on a switch's port that drops packets. */
export interface DropRule {
  readonly network: string;
  /** The node whose port it is. */
  readonly node: string;
  readonly direction: Exclude<Direction, 'both'>;
  /** Tells the rules of a port apart. */
  readonly preference: number;
  /** Only frames from this MAC address, or only ICMP port unreachable. Default: all. */
  readonly only?: { readonly from: string } | 'port-unreachable';
}

export async function addDrops(lab: LiveLab, rules: readonly DropRule[]): Promise<void> {
  await lab.host.loadModules(filterModules);
  const ports = new Set(rules.map((rule) => portOf(lab, rule)));
  await lab.script(
    'dropping packets',
    [
      // There may be one of another fault.
      ...[...ports].map((port) => `tc ${port.replace(' dev', ' qdisc add dev')} clsact 2>/dev/null || true`),
      'set -e',
      ...rules.map((rule) => `${filter(lab, rule, 'add')} ${match(rule)} action drop`),
    ].join('\n'),
  );
}

/** Rules that are gone already (the port is a new one) are no trouble. */
export async function removeDrops(lab: LiveLab, rules: readonly DropRule[]): Promise<void> {
  const commands = rules.map((rule) => `${filter(lab, rule, 'del')} 2>/dev/null || true`);
  await lab.script('letting packets pass', commands.join('\n'));
}

/** How many of the rules are there, and how many packets they have dropped. */
export async function lookAtDrops(
  lab: LiveLab,
  rules: readonly DropRule[],
): Promise<{ readonly there: number; readonly dropped: number }> {
  const commands = rules.map((rule) => `${filter(lab, rule, '-s show')} 2>/dev/null; echo; echo ${mark}`);
  const answers = (await lab.script('looking at filters', commands.join('\n'))).split(mark).slice(0, -1);
  const there = answers.filter((answer) => answer.includes('action drop'));
  const dropped = there.map((answer) => Number(/\(dropped (\d+),/.exec(answer)?.[1] ?? 0));
  return { there: there.length, dropped: dropped.reduce((sum, each) => sum + each, 0) };
}

const mark = '--- next';

const portOf = (lab: LiveLab, { network, node }: DropRule): string => {
  const { netns, port } = switchPort(lab.paths, network, node);
  return `-n ${netns} dev ${port}`;
};

function filter(lab: LiveLab, rule: DropRule, verb: 'add' | 'del' | '-s show'): string {
  const [statistics, action] = verb === '-s show' ? ['-s ', 'show'] : ['', verb];
  const { netns, port } = switchPort(lab.paths, rule.network, rule.node);
  const side = rule.direction === 'to-node' ? 'egress' : 'ingress';
  return `tc ${statistics}-n ${netns} filter ${action} dev ${port} ${side} pref ${rule.preference}`;
}

/** ICMP type 3, code 3: RFC 792. */
function match({ only }: DropRule): string {
  if (only === undefined) return 'protocol all matchall';
  if (only === 'port-unreachable') return 'protocol ip flower ip_proto icmp type 3 code 3';
  return `protocol all flower src_mac ${only.from}`;
}
