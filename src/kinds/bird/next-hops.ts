/**
 * Fixed next hops of a router: a next-hop group of the kernel (ip-nexthop(8)) for each VIP. A plain group divides the range of
 * the hash among its members, so that a change shifts most borders. A resilient one has a table of buckets: those of a member
 * that leaves go to the others at once, and a member that comes gets only buckets that are idle (Linux
 * Documentation/networking/nexthop-group-resilient.rst).
 */
import { compareAddresses } from '../../base/ip.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import type { NextHops, NodeView } from '../contract.ts';
import { neighboursOf } from './neighbours.ts';
import { milliseconds, routerOptions } from './options.ts';
import { hasStaticNextHops, vipWays } from './ways.ts';

/** Lines for `ip -batch`; none where BGP brings the next hops. */
export function nextHopBatch(node: PlannedNode, plan: Plan): string[] {
  const groups = groupsOf(node, plan);
  const members = new Map(groups.flatMap((group) => group.members.map((member) => [member.id, member])));
  return [
    ...[...members.values()].map(
      ({ id, address, device }) => `nexthop add id ${id} via ${address} dev ${device}`,
    ),
    ...groups.flatMap((group) => [
      `nexthop add ${groupOf(node, group, group.members)}`,
      `route add ${group.prefix} nhid ${group.id}`,
    ]),
  ];
}

export const nextHops: NextHops = {
  async read(view) {
    const groups = groupsOf(view.node, view.plan);
    const known = await ask(view);
    const names = groups.flatMap(({ id, members }) => {
      const now = known.find((each) => each.id === id)?.group?.map((member) => member.id) ?? [];
      return members.filter((member) => now.includes(member.id)).map(({ node }) => node);
    });
    return [...new Set(names)];
  },

  async write(view, hops) {
    const lines = groupsOf(view.node, view.plan).map((group) => {
      const members = group.members.filter(({ node }) => hops.includes(node));
      return `nexthop replace ${groupOf(view.node, group, members)}\n`;
    });
    await run(view, ['ip', '-batch', '-'], lines.join(''));
  },
};

interface Member {
  readonly id: number;
  readonly node: string;
  readonly address: string;
  readonly device: string;
}

interface Group {
  readonly id: number;
  readonly prefix: string;
  /** In the order in which BIRD would have them: of their addresses. */
  readonly members: readonly Member[];
}

function groupsOf(node: PlannedNode, plan: Plan): Group[] {
  if (!hasStaticNextHops(node)) return [];
  const neighbours = neighboursOf(node);
  const id = (address: string): number => neighbours.findIndex((each) => each.address === address) + 1;
  return vipWays(node, plan).map(({ prefix, nextHops: hops }, i) => ({
    id: firstGroup + i,
    prefix,
    members: hops
      .map((hop) => ({
        ...hop,
        id: id(hop.address),
        device: neighbours.find(({ address }) => address === hop.address)?.interface ?? '',
      }))
      .sort((a, b) => compareAddresses(a.address, b.address)),
  }));
}

/** Ids of next hops are places among the node's neighbours, fewer than this. */
const firstGroup = 100_000;

function groupOf(node: PlannedNode, { id }: Group, members: readonly Member[]): string {
  const { next_hops, buckets, idle_timer, unbalanced_timer } = routerOptions.parse(node.options);
  const group = `id ${id} group ${members.map((member) => member.id).join('/')}`;
  return next_hops === 'static'
    ? group
    : `${group} type resilient buckets ${buckets} idle_timer ${seconds(idle_timer)} unbalanced_timer ${seconds(unbalanced_timer)}`;
}

interface KernelNextHop {
  readonly id: number;
  readonly group?: readonly { readonly id: number }[];
}

const ask = async (view: NodeView): Promise<readonly KernelNextHop[]> =>
  JSON.parse((await run(view, ['ip', '-json', 'nexthop', 'show'])) || '[]') as KernelNextHop[];

async function run(view: NodeView, argv: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await view.exec(argv, input === undefined ? {} : { input });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${view.node.name}: ${stderr.trim()}`);
  return stdout;
}

const seconds = (duration: string): number => Math.ceil(milliseconds(duration) / 1000);
