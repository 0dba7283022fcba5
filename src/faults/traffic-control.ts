/**
 * What the kernel can do to packets on a cable (tc(8)). Towards the node they leave by the switch's port; from the node
 * by its own interface. Filters are all on the switch's ports, out of reach of what happens in the node.
 */
import { z } from 'zod';
import { familyOf } from '../base/ip.ts';
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
  /** Only frames from this MAC address, or only packets to this address. Default: all. */
  readonly only?: { readonly from: string } | { readonly to: string };
}

/** One process for each switch: in a guest each costs tens of milliseconds. What is there afterwards is for `lookAtDrops` to say. */
export async function addDrops(lab: LiveLab, rules: readonly DropRule[]): Promise<void> {
  await lab.host.loadModules(filterModules);
  await onSwitches(lab, rules, [], (rule) => [
    // There may be one of another fault: that is an error, and none of ours.
    `qdisc add dev ${portOf(lab, rule)} clsact`,
    `filter add ${place(lab, rule)} ${match(rule)} action drop`,
  ]);
}

/** Rules that are gone already (the port is a new one) are no trouble. */
export async function removeDrops(lab: LiveLab, rules: readonly DropRule[]): Promise<void> {
  await onSwitches(lab, rules, [], (rule) => [`filter del ${place(lab, rule)}`]);
}

/** How many of the rules are there, and how many packets they have dropped. */
export async function lookAtDrops(
  lab: LiveLab,
  rules: readonly DropRule[],
): Promise<{ readonly there: number; readonly dropped: number }> {
  const said = await onSwitches(lab, rules, ['-s'], (rule) => [`filter show ${place(lab, rule)}`]);
  const dropped = [...said.matchAll(/action drop[\s\S]*?\(dropped (\d+),/g)].map(([, count]) =>
    Number(count),
  );
  return { there: dropped.length, dropped: dropped.reduce((sum, each) => sum + each, 0) };
}

/** `tc -batch` on each switch; a line that fails does not keep the others from being tried. */
async function onSwitches(
  lab: LiveLab,
  rules: readonly DropRule[],
  flags: readonly string[],
  linesFor: (rule: DropRule) => readonly string[],
): Promise<string> {
  const networks = [...new Set(rules.map(({ network }) => network))];
  const answers = await Promise.all(
    networks.map(async (network) => {
      const lines = rules.filter((rule) => rule.network === network).flatMap(linesFor);
      const argv = ['tc', ...flags, '-n', netnsName(lab.paths, network), '-force', '-batch', '-'];
      return lab.host.exec(argv, { input: lines.map((line) => `${line}\n`).join('') });
    }),
  );
  return answers.map(({ stdout }) => stdout).join('');
}

const portOf = (lab: LiveLab, { network, node }: DropRule): string =>
  switchPort(lab.paths, network, node).port;

const place = (lab: LiveLab, rule: DropRule): string =>
  `dev ${portOf(lab, rule)} ${rule.direction === 'to-node' ? 'egress' : 'ingress'} pref ${rule.preference}`;

function match({ only }: DropRule): string {
  if (only === undefined) return 'protocol all matchall';
  if ('from' in only) return `protocol all flower src_mac ${only.from}`;
  return `protocol ${familyOf(only.to) === 'ipv4' ? 'ip' : 'ipv6'} flower dst_ip ${only.to}`;
}
